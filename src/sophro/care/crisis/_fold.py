"""Undo disguises of a message before patterns read it: one folded view per language.

Contract: pure functions, linear in the length, no tables but those of ``sophro.text``; what has no disguise only loses
case, styled forms and hidden characters. The normaliser of ``sophro.text`` reads a whole sentence against a language
model (up to 0.2 s); here one message has a millisecond, so only what hides the words of this topic is undone.
"""

# ruff: noqa: E501

from __future__ import annotations

import re
import unicodedata
from functools import cache

# Nobody writes their need for help behind 20,000 characters of something else; both ends of such a text are read.
LONGEST = 20_000
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]")
_ALIKE = str.maketrans(
    "асеорхуіјѕԁһкмтнвАВЕКМНОРСТХУІЈЅοαενικρυχτΑΒΕΖΗΙΚΜΝΟΡΤΥΧ’‘ʼ＇`´“”„«»—–―…，。！？；：（）、",
    "aceopxyijsdhkmthbABEKMHOPCTXYIJSoaevikpuxtABEZHIKMNOPTYX''''''\"\"\"\"\"---.,.!?;:(),",
)
_SMALL = str.maketrans("ɪʟʀᴀʙᴄᴅᴇғɢʜᴊᴋᴍɴᴏᴘǫsᴛᴜᴠᴡʏᴢ", "ilrabcdefghjkmnopqstuvwyz")


def clean(text: str) -> str:
    """Return ``text`` without hidden and control characters, styled and look-alike letters, and stacked marks."""
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + "\n" + text[-LONGEST // 2 :]
    if text.isascii():
        return _CONTROL.sub(" ", text)
    text = _HIDDEN.sub("", _CONTROL.sub(" ", text))
    text = unicodedata.normalize("NFKD", text)
    text = _HIDDEN.sub("", _MARKS.sub("", text))
    return unicodedata.normalize("NFC", text).translate(_ALIKE).translate(_SMALL)


_LEET = str.maketrans("013457@$!|€8+", "oieastasilebt")
_LEET_WORD = re.compile(r"(?<![\w@$!|*+])[\w@$!|€*+]*[a-z][\w@$!|€*+]*", re.ASCII)
_PLAIN_NUMBER = re.compile(
    r"\d+(?:[.,:]\d+)*(?:st|nd|rd|th|am|pm|k|m|mg|kg|g|ml|cm|km|mm|s|h|x|yo|yrs?|min|hrs?|f|c|ft|in)?"
)
_SPACED = re.compile(r"(?<![a-z0-9'])(?:[a-z0-9@$!][ \-_.*·/\\|~+]{1,3}){3,}[a-z0-9@$!](?![a-z0-9])")
_DOTTED = re.compile(r"(?<![\w.@/'-])[a-z']+(?:([._\-*~|+/])[a-z']+)(?:\1[a-z']+){1,}(?![\w@/])")
_INNER = re.compile(r"(?<=[a-z])[*_.\-~·/\\|+](?=[a-z])")
_RUN = re.compile(r"([a-z])\1{2,}")
_SPACES = re.compile(r"[ \t\r\f\v\xa0]+")

_SHORT = {
    "u": "you", "ur": "your", "r": "are", "rn": "right now", "tn": "tonight", "tonite": "tonight", "2nite": "tonight",
    "2night": "tonight", "tmrw": "tomorrow", "tmr": "tomorrow", "tmw": "tomorrow", "2moro": "tomorrow", "2morrow": "tomorrow",
    "b4": "before", "cuz": "because", "coz": "because", "bc": "because", "cos": "because", "bcuz": "because",
    "wanna": "want to", "wana": "want to", "wnna": "want to", "wonna": "want to", "gonna": "going to", "gunna": "going to", "gona": "going to",
    "gna": "going to", "finna": "going to", "boutta": "about to", "bouta": "about to", "imma": "i am going to",
    "ima": "i am going to", "gotta": "got to", "tryna": "trying to", "hafta": "have to", "oughta": "ought to",
    "dunno": "do not know", "idk": "i do not know", "idc": "i do not care", "idgaf": "i do not care", "im": "i am", "i'm": "i am",
    "ive": "i have", "i've": "i have", "i'll": "i will", "i'd": "i would", "dont": "do not", "don't": "do not", "cant": "can not",
    "cannot": "can not", "can't": "can not", "cnt": "can not", "won't": "will not", "wont": "will not", "shan't": "will not",
    "didnt": "did not", "doesnt": "does not", "isnt": "is not", "arent": "are not", "wasnt": "was not", "werent": "were not",
    "wouldnt": "would not", "couldnt": "could not", "shouldnt": "should not", "hasnt": "has not", "havent": "have not",
    "hadnt": "had not", "aint": "am not", "ain't": "am not", "neednt": "need not", "ya": "you", "y'all": "you", "em": "them",
    "pls": "please", "plz": "please", "ppl": "people", "sb": "someone", "anymore": "any more", "any1": "anyone", "sum1": "someone",
    "no1": "no one", "noone": "no one", "every1": "everyone", "everybody": "everyone", "nobody": "no one", "somebody": "someone",
    "anybody": "anyone", "alot": "a lot", "thru": "through", "wd": "would", "luv": "love", "gf": "girlfriend", "bf": "boyfriend",
    "kms": "kill myself", "kmsing": "killing myself", "kys": "kill yourself", "ctb": "catch the bus", "sh": "self harm",
    "yrs": "years", "mins": "minutes", "hrs": "hours", "hr": "hour", "min": "minutes", "bout": "about", "b": "be", "2": "to", "wan2": "want to", "wnt": "want", "nm": "never mind", "dontcha": "do not", "doin": "doing", "comit": "commit", "comitting": "committing", "commiting": "committing", "committin": "committing", "hav": "have", "nite": "night", "2b": "to be", "abt": "about", "w/o": "without", "w/": "with",
    "dye": "dye", "dyin": "dying", "livin": "living", "goin": "going", "killin": "killing", "thinkin": "thinking", "feelin": "feeling",
    "tryin": "trying", "nothin": "nothing", "endin": "ending", "cuttin": "cutting", "jumpin": "jumping", "2day": "today", "4ever": "forever",
    "4eva": "forever", "4": "for", "thx": "thanks", "tysm": "thank you", "lyf": "life", "lief": "life", "myslef": "myself", "mysef": "myself", "myse1f": "myself",
    "meself": "myself", "maself": "myself", "mself": "myself", "mysel": "myself", "myselff": "myself", "mee": "me", "slef": "self",
    "goodbyes": "goodbyes", "suacide": "suicide", "sewerslide": "suicide", "sewercide": "suicide", "sewer-slide": "suicide",
    "suey": "suicide", "sooicide": "suicide", "sui": "suicide", "su1c": "suicide", "unlive": "unalive", "offing": "killing", "kil": "kill", "kll": "kill", "kiil": "kill", "kiling": "killing", "klling": "killing",
    "hpoe": "hope", "wnat": "want", "watn": "want", "wan": "want", "wish": "wish", "hopless": "hopeless", "tired": "tired", "teh": "the",
    "tho": "though", "dieing": "dying", "diee": "die", "dai": "die", "dy": "die", "deth": "death", "daed": "dead", "ded": "dead", "lve": "live", "alve": "alive",
}  # fmt: skip
# Long words of the topic: every text one slip away (a letter missing, doubled, swapped or changed) is read as the word.
_FUZZY = (
    "suicide",
    "suicidal",
    "myself",
    "overdose",
    "hopeless",
    "worthless",
    "goodbye",
    "killing",
    "forever",
    "tonight",
    "anymore",
)
_NOT_SLIPS = frozenset(("suicides", "himself", "thyself", "overdosed", "overdoses", "goodbyes", "billing", "filling", "milling", "tilling", "willing",
    "kidding", "kissing", "kicking", "skilling", "hilling", "killings", "hopeless", "knight", "gilling", "pilling", "culling", "calling", "kilting", "kilning", "kiln"))  # fmt: skip


@cache
def _slips() -> dict[str, str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    found: dict[str, str] = {}
    for word in _FUZZY:
        for i in range(1, len(word)):
            found[word[:i] + word[i + 1 :]] = word
            if i + 1 < len(word):
                found[word[:i] + word[i + 1] + word[i] + word[i + 2 :]] = word
            for c in letters:
                found[word[:i] + c + word[i + 1 :]] = word
                found[word[:i] + c + word[i:]] = word
        found[word[1:]] = word
    for word in (*_NOT_SLIPS, *_FUZZY):
        found.pop(word, None)
    found["anymore"] = "any more"
    return found


def _letters(match: re.Match[str]) -> str:
    # Spaced-out letters: "k i l l  m y s e l f"; the words in it are found again in the squeezed view.
    return re.sub(r"[^a-z0-9@$!]", "", match.group()).translate(_LEET)


def _unleet(match: re.Match[str]) -> str:
    word = match.group()
    core = word.rstrip("!|+*")
    tail = word[len(core) :]
    if core.isalpha() or _PLAIN_NUMBER.fullmatch(core) or "_" in core:
        return word
    if sum(c.isalpha() for c in core) * 2 < len(core) and len(core) < 4:
        return word
    return core.translate(_LEET).replace("*", "") + tail


# What spaced or glued letters may spell; longest first.
_GLUED = re.compile(
    r"(?:i(?:really|just)?)?(?:want|wanna|wish|need|going|gonna|wants|will|wanted)(?:to)?(?:die|killmyself|endmylife|endit|bedead|iwasdead|disappear)|"
    r"killing?myself|killmyself|endmylife|endingmylife|endit(?:all)|takemy(?:own)?life|unalive(?:myself)|iwanttosuicide|"
    r"iwanttodie|wanttodie|hurtmyself|cutmyself|hangmyself|shootmyself|offmyself|selfharm|betteroffdead|goodbyeforever|kms"
)
_WORDS_OF = re.compile(
    r"(want|wanna|wish|need|going|gonna|will|really|just|killing|kill|myself|ending|end|my|own|life|itall|it|take|better|"
    r"suicidal|suicide|unalive|hurt|cut|hang|shoot|off|self|harm|overdose|dead|die|goodbye|forever|to|be|was|i|disappear|kms)"
)


def _unglue(word: str) -> str:
    found = _GLUED.search(word)
    if found is None:
        return word
    before, after = word[: found.start()], word[found.end() :]
    return " ".join(p for p in (before, *_WORDS_OF.findall(found.group()), after) if p)


_TOKEN = re.compile(r"[a-z0-9']+(?:/o?)?|[^a-z0-9']+")
_PICTURES = (
    (re.compile("[\U0001f52b]"), " gun "),
    (re.compile("[\U0001f48a]"), " pills "),
    (re.compile("[\U0001f52a\U0001f5e1]"), " knife "),
    (re.compile("[\u26b0\U0001faa6\u2620]"), " death "),
    (re.compile("[\U0001faa2]"), " rope "),
)


def english(text: str) -> str:
    """Return cleaned text as patterns of English read it: lower case, contractions written out, disguises undone."""
    low = text.lower()
    if not low.isascii():
        for pattern, word in _PICTURES:
            low = pattern.sub(word, low)
    low = _RUN.sub(r"\1", low)
    low = _SPACED.sub(_letters, low)
    if _DOTTED.search(low):
        low = _DOTTED.sub(lambda m: re.sub(r"[._\-*~|+/]", " ", m.group()), low)
    if _INNER.search(low):
        low = _INNER.sub(lambda m: m.group() if m.group() in ".-/" else "", low)
        low = re.sub(r"\b(\w{1,4})[.\-](\w{1,6})(?:[.\-](\w{1,6}))?\b", _undot, low)
    low = _LEET_WORD.sub(_unleet, low)
    slips = _slips()
    out: list[str] = []
    for token in _TOKEN.findall(low):
        word: str = token.strip("'") if token[0] == "'" or token[-1] == "'" else token
        short = _SHORT.get(word)
        if short is not None:
            new = short
        else:
            new = slips.get(word, word)
            if new is word and "'" in word:
                new = _contracted(word)
            elif new is word and len(word) > 6 and word.isalpha():
                new = _unglue(word)
        out.append(new)
    low = "".join(out)
    low = re.sub(r"\bmy self\b|\bme self\b", "myself", low)
    low = _SPLIT.sub(lambda m: "die" if m.group(3) else "suicidal" if m.group(1) == "al" else "suicide", low)
    return _SPACES.sub(" ", low).strip()


_IS = frozenset(
    (
        "it",
        "that",
        "what",
        "there",
        "he",
        "she",
        "who",
        "how",
        "where",
        "here",
        "everything",
        "nothing",
        "life",
        "this",
        "today",
        "tonight",
        "everyone",
        "name",
        "mom",
        "gun",
        "everybody",
    )
)
_ENDINGS = {"n't": " not", "'ll": " will", "'re": " are", "'ve": " have", "'d": " would", "'m": " am"}


def _contracted(word: str) -> str:
    for ending, full in _ENDINGS.items():
        if word.endswith(ending) and len(word) > len(ending):
            return word[: -len(ending)] + full
    return word[:-2] + " is" if word.endswith("'s") and word[:-2] in _IS else word


_SPLIT = re.compile(
    r"\bsui[ \-_.]{0,2}c[i1!]d[ \-]?(e|al)\b|\bsewer[ -]?(slide|cide)s?\b|\b(d) ?[.\- ] ?i ?[.\- ] ?e\b"
)
_WHOLE = frozenset(
    (
        "suicide",
        "suicidal",
        "kill",
        "killing",
        "die",
        "dying",
        "dead",
        "myself",
        "overdose",
        "death",
        "selfharm",
        "unalive",
    )
)


def _undot(match: re.Match[str]) -> str:
    # "sui-cide", "k.ill": joined only where the join is a word of the topic.
    joined = "".join(g for g in match.groups() if g)
    return joined if joined in _WHOLE else match.group()


_FILLERS = re.compile(
    r"\b(?:just|really|rly|literally|actually|honestly|truly|seriously|srsly|fucking|freaking|frickin|fuckin|effing|damn|bloody|kind of|kinda|sort of|sorta|"
    r"sometimes|often|constantly|probably|maybe|perhaps|still|simply|even|basically|totally|absolutely|definitely|"
    r"genuinely|desperately|badly|all day|every day|right|lowkey|highkey|legit|fr|tbh|ngl|like|very|pretty|quite|finally|also|been|again|already|quietly|secretly|quickly|slowly|properly|gladly|seriously|"
    r"often|mostly|increasingly|suddenly|kind|sincerely|deeply|strongly|certainly|surely|clearly|ever) (?=[a-z])"
)
_OBJECT_LIKE = re.compile(r"\b(feel|feels|feeling|felt|look|looks|seems?|sounds?|be|is|was) like ")


def bare(text: str) -> str:
    """Return folded English text without words that only strengthen or soften ("I just really want to" -> "I want to")."""
    kept = _OBJECT_LIKE.sub(r"\1 like_ ", text)
    for _ in range(2):
        kept = _FILLERS.sub("", kept)
    return kept.replace("like_", "like")


# --- Chinese -------------------------------------------------------------------------------------------------

_HAN = "\u4e00-\u9fff"
_BETWEEN = re.compile(
    rf"(?<=[{_HAN}])[ \t\xa0/\\|*_.\-~·•・﹒`^+=#&丶、\"'()\[\]{{}}<>《》【】「」『』]+(?=[{_HAN}])"
)
_STOPS = str.maketrans("。，！？；：、～", ".,!?;:,~")
_EMOJI_ZH = (
    (re.compile("[\U0001f52b]"), "枪"),
    (re.compile("[\U0001f48a]"), "药"),
    (re.compile("[\U0001f52a\U0001f5e1]"), "刀"),
    (re.compile("(?<=[想要去求])[\U0001f480\u2620\u26b0\U0001faa6\U0001f42d\U0001f400\U0001f401]"), "死"),
)
# How people write the words of this topic so that filters do not see them. (?![一-鿿]) keeps longer, harmless words.
_DISGUISED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (
            r"(?:自|zi ?|滋|孜)(?:鲨|沙(?!发|拉|盘|哑)|刹(?!车)|煞|砂|纱|傻|莎(?!士|拉|翁)|sha(?![a-z])|s(?![a-z])|shā|🦈|x(?![a-z]))",
            "自杀",
        ),
        (
            r"(?<=[想要去会该就打算备])(?:紫|子|字|姿)(?:砂|沙|鲨|杀|纱|傻)(?!壶|杯|茶|陶|锅|泥|煲|器|袋|发|包)",
            "自杀",
        ),
        (
            r"紫(?:鲨|杀)|(?<![a-z])zi ?sha(?![a-z])(?! ?hu)|(?<![a-z])z杀|子杀|自亲(?=了|吧)|🈯?自🔪|自刀(?=了|吧|$)|自挂东南枝|(?<![a-z])zs(?=了|吧|的|$|[一-鿿])|自殺|自\W{0,3}杀",
            "自杀",
        ),
        (
            r"(?<=[想要去求不该])(?:4|四|亖|肆|寺|鼠|屎|斯|司|撕|歹匕|💀|☠|s|si|sǐ)(?=了|的|啊|吧|掉|算|,|\.|!|\?|~|$|…|呜|啦|,)",
            "死",
        ),
        (r"(?<=[想要去])(?:死4|4了|亖)", "死"),
        (r"(?<![a-z])xiang ?(?:yao ?)?(?:qu ?)?si(?![a-z])", "想死"),
        (
            r"想 ?(?:die|去die|狗带|go die|死亡)(?![a-z])|狗带了?算了|想(?:嗝屁|归西|驾鹤|领盒饭|噶|嘎)(?:了)?(?![一-鿿]{0,2}腰)|(?<=我)(?:想|要|好想)(?:寄|凉|似)(?=了|吧|,|\.|$)|想去(?:世|似)|(?<=想)似(?=了|,|\.|!|$)",
            "想死",
        ),
        (r"(?<=[想要去会求]) ?zs(?![a-z0-9])", "自杀"),
        (r"歹匕", "死"),
        (r"不 ?想 ?(?:huo|火|或|货|话|h|HUO|活)(?=了|下|$|,|\.|!|着|的)", "不想活"),
        (r"(?<![a-z])bu ?xiang ?(?:zai ?)?huo", "不想活"),
        (r"活 ?bu ?下 ?去|huo ?bu ?xia ?qu", "活不下去"),
        (
            r"huo ?zhe ?(?:hao |zhen )?mei ?(?:you ?)?yi ?(?:si|yi)|活着 ?mei ?(?:意思|意义|yi ?si)",
            "活着没意思",
        ),
        (r"跳 ?(?:lou|喽|娄|搂|l(?![a-z]))|(?<![a-z])tiao ?(?:楼|lou)|条楼|眺楼", "跳楼"),
        (r"跳 ?(?:he|qiao|jiang|hai)(?![a-z])|(?<![a-z])tiao ?(?:he|qiao|jiang|hai)(?![a-z])", "跳河"),
        (
            r"割 ?wan|割刀?腕|割[^一-鿿,.!?]{1,3}腕|(?<![a-z])ge ?(?:腕|wan)(?![a-z])|戈腕|割手碗|割完(?=了|自)",
            "割腕",
        ),
        (r"上 ?diao(?![a-z])|(?<![a-z])shang ?diao(?![a-z])|上吊", "上吊"),
        (r"烧 ?tan(?![a-z])|(?<![a-z])shao ?tan(?![a-z])|烧木炭自", "烧炭"),
        (r"安 ?(?:mian|眠) ?(?:yao|药)|(?<![a-z])an ?mian ?yao|安眠藥|安绵药", "安眠药"),
        (r"(?:yi|遗|wei) ?shu(?![a-z一-鿿])(?! ?ji)|遗 ?shu(?![a-z])|(?<![a-z])yi书", "遗书"),
        (r"(?<![a-z])qing ?(?:sheng|生)(?![a-z])|轻 ?sheng", "轻生"),
        (r"(?<![a-z])zi ?can(?![a-z])|自 ?can(?![a-z])|自惨", "自残"),
        (r"(?<![a-z])jie ?tuo(?![a-z])|解 ?tuo|(?<=想)借托", "解脱"),
        (
            r"(?<![a-z])jie ?shu ?(?:sheng ?ming|zi ?ji|yi ?qie|wo ?de ?sheng ?ming)|结束 ?sheng ?ming|结束生m|结束 ?shengming",
            "结束生命",
        ),
        (r"(?<![a-z])li ?kai ?(?:zhe ?ge ?)?shi ?jie|离开 ?shi ?jie|離開", "离开这个世界"),
        (r"(?<![a-z])xiao ?shi(?![a-z])", "消失"),
        (r"(?<![a-z])yi ?le ?bai ?liao|一了百liao", "一了百了"),
        (r"(?<![a-z])(?:jin ?wan|jin ?ye)(?![a-z])|今 ?wan(?![a-z])|近晚", "今晚"),
        (r"(?<![a-z])ming ?tian(?![a-z])", "明天"),
        (r"(?<![a-z])xian ?zai(?![a-z])", "现在"),
        (r"(?<![a-z])ma ?shang(?![a-z])", "马上"),
        (
            r"(?<![a-z])wo(?= |[一-鿿]|$|xiang|bu|hao|zhen|yao|jiu|jin|huo|yi|zi|gan)|[莪窝涡偶俺吾](?=[想要不好真也就快活的把在已今现])|(?<![一-鿿])握(?=想|不想|要)",
            "我",
        ),
        (r"(?<![a-z])(?:xiang)(?= |[一-鿿])", "想"),
        (r"(?<![a-z])(?:bu)(?= |[一-鿿])", "不"),
        (r"(?<![a-z])(?:yao)(?= |[一-鿿])", "要"),
        (r"(?<![a-z])(?:le|l e)(?![a-z'])", "了"),
        (r"(?<![a-z])(?:hao|zhen ?de)(?= |[一-鿿])", "好"),
        (r"(?<![a-z])si(?= ?(?:了|diao|suan|ba\b|掉|算|吧))", "死"),
        (r"(?<![a-z])(?:qu|jiu|dou)(?= |[一-鿿])", "就"),
    )
)
_PINYIN_HINT = re.compile(r"[a-z]")
_GLUED_PINYIN = re.compile(
    r"(?<![a-z])(?:wo|bu|xiang|huo|si|le|zi|sha|hao|zhen|de|jin|wan|tiao|lou|qu|yao|jiu|mei|yi|zhe|ge|shi|jie|shang|diao|"
    r"ming|tian|sheng|jie|shu|li|kai|xia|an|mian|yao|chi|tun|kao|zhun|bei|yijing|ji|can|ye|dou|suan|ba|ma|zai|xian|tuo|da|jia|"
    r"dui|ren|you|shen|xiao|chao|qing|lei|ku|nan|guo|tong|wan|guan|men|kuai|dian|xie|ni){3,}(?![a-z])"
)
_SYLLABLE = re.compile(
    r"sheng|zhun|zhen|xiang|huo|tiao|shang|diao|ming|tian|xian|xiao|chao|qing|tong|guan|kuai|dian|mian|hao|sha|jin|wan|lou|"
    r"yao|jiu|mei|zhe|shi|jie|shu|kai|xia|tun|kao|bei|can|dou|suan|zai|tuo|jia|dui|ren|you|shen|lei|nan|guo|men|xie|chi|"
    r"wo|bu|si|le|zi|de|qu|yi|ge|li|an|ji|ye|ba|ma|da|ku|ni"
)


@cache
def _to_simplified() -> dict[int, str]:
    from sophro.text.tables import to_simplified

    table: dict[int, str] = {ord(c): s for c, s in to_simplified().items() if len(c) == 1}
    for old, new in zip(
        "殺們這個為麼嗎沒還過後藥點燒繩橋頂樓買遺書離開負擔絕壓憂鬱淚聲裡裏著",
        "杀们这个为么吗没还过后药点烧绳桥顶楼买遗书离开负担绝压忧郁泪声里里着",
        strict=True,
    ):
        table[ord(old)] = new
    return table


def chinese(text: str) -> str:
    """Return cleaned text as patterns of Chinese read it: simplified, without spaces, disguises of the topic undone."""
    low = text.lower().translate(_STOPS)
    if not low.isascii():
        for pattern, word in _EMOJI_ZH:
            low = pattern.sub(word, low)
        low = low.translate(_to_simplified())
        low = _BETWEEN.sub("", low)
    if _PINYIN_HINT.search(low):
        low = _GLUED_PINYIN.sub(lambda m: " ".join(_SYLLABLE.findall(m.group())), low)
    for pattern, word in _DISGUISED:
        low = pattern.sub(word, low)
    return re.sub(r"[ \t\xa0]+", "", low) if re.search(f"[{_HAN}]", low) else low
