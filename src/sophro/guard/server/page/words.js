// Every sentence of the pages in two languages. Elements name theirs with data-t, data-t-label or data-t-placeholder.

const EN = {
  skip: "Skip to the message box", pages: "Pages", playground: "Playground", runs: "Runs", new: "New",
  theme_auto: "Auto", theme_light: "Light", theme_dark: "Dark", theme: "Colours: {name}",
  headline: "Talk to the model. See what the guard sees.",
  lead: "Every word is judged before it reaches you. What the guard holds back stays on the server; beside each answer you read how sure it was, where it acted, and why.",
  examples: "Examples",
  example_1: "How do I kill a Python process that hangs?",
  example_2: "What should I know before I adopt an old dog?",
  example_3: "I feel that nothing I do matters any more.",
  message: "Message", send: "Send", stop: "Stop", model: "Model", policy: "Policy", policy_default: "default",
  show_reflection: "Show reflection", key: "API key", save: "Save", close: "Close", keyboard: "Keyboard",
  key_text: "This server asks for a key. It stays in this tab and is forgotten when the tab closes.",
  hint: "Enter sends, Shift + Enter breaks the line",
  you: "You", reply: "Reply", guard: "Guard", trace: "Trace", reflection: "Reflection",
  allow: "Released", hold: "Held", rewrite: "Rewritten", refuse: "Refused", escalate: "Escalated",
  waiting: "Judging", stopped: "Stopped", failed: "Failed",
  dry_run: "dry run: logged only", cut: "cut off at the length limit",
  held_tokens: "{n} tokens held back", held_some: "Text held back here",
  held_characters: "{n} characters held back",
  held_by_model: "The model noticed harm in {n} of its own tokens and took them back; they never left the server.",
  held_by_guard: "The guard held {n} characters; they never left the server.",
  input_allowed: "Nothing found in the message",
  where_input: "in the message", where_trace: "in the trace", where_output: "in the answer", where_stream: "while writing",
  at_window: "characters {a}–{b}", measured: "{score} ≥ {threshold}",
  not_evaluated: "Not evaluated: {names}", plot: "Scores over the answer: {names}. Highest {max}.",
  plot_at: "{where}: {values}", plot_axis: "characters", seconds: "{x} s to the first word", overhead: "guard {x} ms per token",
  explain: "Why?", explain_none: "The server keeps no explanation for this decision.",
  crisis_title: "You are not alone with this.",
  crisis_text: "This is software, not a person. If you or someone near you is in danger now, call your local emergency number or go to the nearest emergency room, and do not stay alone.",
  error_network: "The server cannot be reached.", error_cut: "The stream ended before the answer was complete.",
  error_status: "The server answered {status}: {text}", error_key: "The key was not accepted.",
  new_said: "New conversation", thinking: "Waiting for the first judged words",
  keys: [["Enter", "send"], ["Shift + Enter", "new line"], ["Esc", "stop the answer"], ["↑", "edit the last message, in an empty box"],
    ["/", "go to the message box"], ["← →", "read a plot, when it has the focus"], ["Alt + R", "show or hide reflection"],
    ["Alt + N", "new conversation"], ["?", "this list"]],
  runs_title: "Runs", runs_lead: "Reports of assessment runs on this server. Each opens alone, without access to this page or to the network.",
  runs_none: "There is no report here yet.", runs_how: "Point the server to a folder of runs: sophro serve --runs DIR",
  runs_key: "This list needs the server’s key.", open: "Open",
};

const ZH = {
  skip: "跳到输入框", pages: "页面", playground: "对话", runs: "评测", new: "新对话",
  theme_auto: "自动", theme_light: "浅色", theme_dark: "深色", theme: "配色：{name}",
  headline: "与模型对话，看见护栏所见。",
  lead: "每个字在到达您之前都先经过判断。被拦下的文字留在服务器上；回答旁边写明判断的把握、位置和理由。",
  examples: "示例",
  example_1: "怎么杀掉一个卡死的 Python 进程？",
  example_2: "领养一只老年犬之前要了解什么？",
  example_3: "我觉得自己做什么都没有意义了。",
  message: "消息", send: "发送", stop: "停止", model: "模型", policy: "策略", policy_default: "默认",
  show_reflection: "显示反思", key: "API 密钥", save: "保存", close: "关闭", keyboard: "键盘",
  key_text: "此服务器需要密钥。密钥只保存在本标签页，关闭后即被清除。",
  hint: "Enter 发送，Shift + Enter 换行",
  you: "您", reply: "回答", guard: "护栏", trace: "思考过程", reflection: "反思",
  allow: "已放行", hold: "已拦下", rewrite: "已改写", refuse: "已拒绝", escalate: "已上报",
  waiting: "判断中", stopped: "已停止", failed: "失败",
  dry_run: "演练：只记录", cut: "达到长度上限而截断",
  held_tokens: "拦下 {n} 个词元", held_some: "此处有文字被拦下",
  held_characters: "拦下 {n} 个字符",
  held_by_model: "模型发现自己写的 {n} 个词元有害并收回；这些文字从未离开服务器。",
  held_by_guard: "护栏拦下 {n} 个字符；这些文字从未离开服务器。",
  input_allowed: "消息中未发现问题",
  where_input: "在消息中", where_trace: "在思考过程中", where_output: "在回答中", where_stream: "书写过程中",
  at_window: "第 {a}–{b} 字符", measured: "{score} ≥ {threshold}",
  not_evaluated: "未能判断：{names}", plot: "回答各处的分数：{names}。最高 {max}。",
  plot_at: "{where}：{values}", plot_axis: "字符", seconds: "首字 {x} 秒", overhead: "护栏每词元 {x} 毫秒",
  explain: "为什么？", explain_none: "服务器没有保存这一决定的说明。",
  crisis_title: "您不必独自面对。",
  crisis_text: "这里是软件，不是真人。如果您或身边的人正处于危险之中，请立即拨打当地急救电话或前往最近的急诊，并请不要独处。",
  error_network: "无法连接服务器。", error_cut: "回答尚未完成，连接就中断了。",
  error_status: "服务器返回 {status}：{text}", error_key: "密钥未被接受。",
  new_said: "新对话", thinking: "正在等待经过判断的文字",
  keys: [["Enter", "发送"], ["Shift + Enter", "换行"], ["Esc", "停止回答"], ["↑", "输入框为空时，修改上一条消息"],
    ["/", "转到输入框"], ["← →", "选中图后逐点读数"], ["Alt + R", "显示或隐藏反思"], ["Alt + N", "新对话"], ["?", "本列表"]],
  runs_title: "评测", runs_lead: "本服务器上的评测报告。每份报告单独打开，不能访问本页面，也不能访问网络。",
  runs_none: "这里还没有报告。", runs_how: "请为服务器指定评测文件夹：sophro serve --runs DIR",
  runs_key: "查看此列表需要服务器的密钥。", open: "打开",
};

export const WORDS = { en: EN, zh: ZH };

export const language = () => (document.documentElement.lang === "zh" ? "zh" : "en");

export function t(key, values = {}) {
  const text = WORDS[language()][key] ?? key;
  return typeof text === "string" ? text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "") : text;
}

export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch { /* storage is off in this browser: the choice lasts as long as the page */ }
}

export function setLanguage(code) {
  document.documentElement.lang = code;
  remember("sophro-language", code);
  translate();
}

export function translate() {
  for (const e of document.querySelectorAll("[data-t]")) e.textContent = t(e.dataset.t);
  for (const e of document.querySelectorAll("[data-t-label]")) e.setAttribute("aria-label", t(e.dataset.tLabel));
  for (const e of document.querySelectorAll("[data-t-placeholder]")) e.placeholder = t(e.dataset.tPlaceholder);
  document.dispatchEvent(new Event("translated"));
}

const THEMES = ["auto", "light", "dark"];

// The two switches that both pages carry.
export function bar() {
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const other = document.getElementById("language");
  const show = () => {
    const name = t(`theme_${root.dataset.theme ?? "auto"}`);
    theme.textContent = name;
    theme.setAttribute("aria-label", t("theme", { name }));
    const next = language() === "zh" ? ["en", "English"] : ["zh", "中文"];
    [other.lang, other.textContent] = next;
    other.setAttribute("aria-label", next[1]);
  };
  theme.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length];
    if (next === "auto") delete root.dataset.theme;
    else root.dataset.theme = next;
    remember("sophro-theme", next === "auto" ? null : next);
    show();
  });
  other.addEventListener("click", () => setLanguage(language() === "zh" ? "en" : "zh"));
  document.addEventListener("translated", show);
}
