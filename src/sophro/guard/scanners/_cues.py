"""What prompts that are made to get round a refusal say: cue, weight, pattern.

Contract: weights add up; ``WHOLE`` of them is certain. Matched without regard to case, in English and Chinese.
"""

from __future__ import annotations

WHOLE = 1.2  # half of it is the threshold of the detector

CUES: dict[str, tuple[float, str]] = {
    "jailbreak_word": (
        0.25,
        r"\bjailbr(?:eak|oken)",
    ),
    "known_name": (
        0.6,
        r"\bdo anything now\b|\bdan mode\b|\bdeveloper mode (?:enabled|output)|\bgod "
        r"?mode (?:enabled|on)|\banti-?gpt\b|\bevil[- ]?bot\b|\bbetterdan\b|\bsudo mode\b",
    ),
    "dan": (
        0.35,
        r"(?-i:\bDAN\b|\bSTAN\b|\bDUDE\b|\bAIM\b|\bJAILBREAK\b)",
    ),
    "ignore": (
        0.5,
        r"\b(?:ignore|disregard|forget|override|bypass|abandon|discard)\b[^.\n]{0,25}\b(?:previous|prior|a"
        r"bove|earlier|preceding|usual|original|existing|your|openai'?s?|system)\b[^.\n]{0,25}\b(?:instruc"
        r"tions?|rules|prompts?|guidelines|programming|directives?|polic(?:y|ies)|training|restrictions|et"
        r"hics|messages?)\b",
    ),
    "unbound": (
        0.4,
        r"\b(?:no|without|free (?:of|from)|freed from|not (?:bound|limited|restricted|constrained) by|unbo"
        r"und by|un(?:bound|constrained|restricted) by|(?:does|do|is|are|will|has|have)(?:n't| not) (?:car"
        r"e about|follow|have|obey|abide by|adhere to|respect|to follow)|bypass(?:es|ing)?|break(?:s|ing)?"
        r"|ignor(?:e|es|ing)|disregard(?:s|ing)?|rid of)\b[^.\n]{0,40}?\b(?:rules?|guidelines?|polic(?:y|i"
        r"es)|restrictions?|limit(?:ation)?s?|filters?|censorship|ethic(?:s|al)?|morals?|moral(?:ity| comp"
        r"ass)|constraints?|safeguards?|boundaries|content polic\w+|principles?|protocols?|regulations?)\b",
    ),
    "unfiltered": (
        0.4,
        r"\b(?:unfiltered|uncensored|unrestricted|amoral|unethical|no moral compass|immoral)\b[^.\n]{0,40}"
        r"\b(?:ai|bot|chatbot|assistant|model|responses?|answers?|output|version|character|gpt|persona|adv"
        r"ice|and)\b",
    ),
    "no_refusal": (
        0.4,
        r"\b(?:never|do ?n[o']t|cannot|can't|must not|may not|not allowed to|won't|will not|under no circu"
        r"mstances|not)\b[^.\n]{0,30}\b(?:refus\w*|declin\w*|apologi[sz]\w*|say(?:ing)? (?:no|that (?:you|"
        r"it)|you can'?t|"
        r'\"?i can'
        r"'?t|"
        r'\"?sorry)|deny|reject\w*|warn\w*|disclaimers?|mention (?:that|anything about)[^.\n]{0,30}(?:ille'
        r"gal|ethic|legal|moral)|censor\w*|filter)\b",
    ),
    "banned_words": (
        0.4,
        r"\b(?:never|do not|don't|without) (?:use|using|say|saying|include|including)\b[^\n]{0,60}(?:"
        r'\"(?:cannot|can'
        r"'t|unable|sorry|however|unfortunately|unethical|illegal)|words?[^\n]{0,40}\b(?:cannot|unable|ins"
        r"tead|however|unfortunately)\b)",
    ),
    "prefix": (
        0.4,
        r"\b(?:start|begin|prefix|preface|open|precede)\b[^.\n]{0,40}\b(?:response|answer|reply|output|sen"
        r'tence|message|every|each)\b[^.\n]{0,60}(?:\"[^\"\n]{0,60}|'
        r"'[^'\n]{0,60}|\[|:\s*)(?:sure|absolutely|of course|here(?:'s| is)|mwahaha|yes)?|\bstart with "
        r'\"(?:absolutely|sure)',
    ),
    "two_voices": (
        0.4,
        r"\[?(?:🔒|🔓)?\s?(?:classic|gpt|chatgpt|normal|standard)\]?\s*[:：]?[^\n]{0,60}\n{1,3}\s*\[?(?:🔓"
        r")?\s?(?:jailbreak|dan|developer mode|evil|[a-z]{3,12})\]\s*[:：]?|\b(?:two|2|both)\b[^.\n]{0,30}"
        r"\b(?:responses?|answers?|ways|paragraphs|outputs)\b[^.\n]{0,120}\b(?:dan|developer|normal|chatgp"
        r"t|gpt|unfiltered|as if)",
    ),
    "persona": (
        0.25,
        r"\b(?:you are (?:now|no longer|going to)|from now on|pretend (?:to be|you are|that you)|act(?:ing"
        r")? as|immerse yourself|role ?-?play|take on the (?:role|persona)|simulate|you will (?:now )?(?:b"
        r"e|act|play|become|answer|respond)|imitate|your (?:new )?name is)\b",
    ),
    "stay": (
        0.25,
        r"\b(?:stay|remain|keep|never break|don't break|do not break|break(?:ing)?)\b (?:in |out of |your "
        r")?\bcharacter\b|\btokens?\b[^.\n]{0,60}\b(?:lose|deduct|lost|cost|die|left|remaining|taken)\b",
    ),
    "any": (
        0.3,
        r"\b(?:you|chatgpt|gpt|the ai|this ai|ai model|language model|assistant|chatbot|bot|it|he|she|they"
        r")\b[^.\n]{0,40}\b(?:can|will|must|should|has to|have to|are able to|is able to|is willing to)\b["
        r"^.\n]{0,30}\b(?:say|do|answer|generate|discuss|produce|fulfil\w*|provide|create|respond to|compl"
        r"y with|write|output|tell)\b[^.\n]{0,25}\b(?:anything|any (?:question|request|kind|type|content|p"
        r"rompt|topic|and all)|all (?:questions|requests|prompts)|everything|whatever)\b",
    ),
    "bad_content": (
        0.3,
        r"\b(?:illegal|unethical|immoral|explicit|offensive|harmful|dangerous|inappropriate|nsfw|swear|cur"
        r"se|profan\w+)\b[^.\n]{0,40}\b(?:content|things|activit\w+|topics?|language|information|advice|re"
        r"quests?|responses?|acts|subjects|words)\b|\bregardless of\b[^.\n]{0,40}\b(?:legal|ethic|moral|co"
        r"nsequence|illegal|harm)\w*",
    ),
    "openai": (
        0.2,
        r"\bopenai\b|\bchatgpt\b|\bcontent polic(?:y|ies)\b|\blanguage model\b",
    ),
    "hypothetical": (
        0.2,
        r"\b(?:hypothetical(?:ly)?|fictional|for (?:testing|research|educational|training) purposes|simula"
        r"tion|purely theoretical)\b[^\n]{0,200}\b(?:ai|illegal|ethic|moral|without|unfiltered|refus|restr"
        r"ict)\w*",
    ),
    "zh_ignore": (
        0.5,
        r"(?:忽略|无视|忘(?:记|掉)|不要理会|抛开)[^。\n]{0,12}(?:之前|以上|上面|前面|所有|原有|先前|系统|"
        r"你的)[^。\n]{0,12}(?:指令|指示|规则|规定|设定|提示词?|限制|要求|内容)",
    ),
    "zh_unbound": (
        0.4,
        r"(?:不受|没有|无视|摆脱|突破|不需要?遵守|不必遵守|解除|绕过)[^。\n]{0,15}(?:限制|约束|道德|伦理|"
        r"法律|规则|审查|过滤|政策|底线)",
    ),
    "zh_persona": (
        0.25,
        r"(?:从现在(?:开始|起)|你现在是|你将扮演|请?扮演|假装你?是|你不再是|角色扮演|模拟一个)",
    ),
    "zh_no_refusal": (
        0.4,
        r'(?:不(?:能|得|要|可以?|许)|禁止|绝不|永远不会?)[^。\n]{0,8}(?:拒绝|说\s*[“\"]?不|道歉|警告|提醒)',
    ),
    "zh_any": (
        0.3,
        r"(?:开发者模式|越狱|可以(?:做|说|回答)任何|回答(?:我的)?(?:任何|所有)问题|无所不能|没有任何禁忌)",
    ),
}  # fmt: skip
