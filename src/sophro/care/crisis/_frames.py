"""Frames around a statement of risk: jokes, fiction, news, translation, games, study, code; and what leaks through them.

Contract: data and pure predicates over folded text. A frame lowers only what is said inside it; a leak ("that is me",
"for real") makes the frame count for nothing. What lowers must be shown by words; silence never lowers.
"""

# ruff: noqa: E501

from __future__ import annotations

import re

_I = re.IGNORECASE

# Turns of phrase that use the words of death for something else. They are cut out before anything is read.
IDIOMS_EN = re.compile(
    r"\b(?:kill(?:ing|ed|s)?|slay(?:ing|ed)?) (?:myself|me) (?:laughing|with laughter|with kindness|at the gym|over (?:this|that|the|my) (?:project|essay|presentation|deadline|paper|report|homework|recipe|thesis)|trying to (?:finish|get|make|fit|open|lift|understand|beat|fix)|to (?:finish|get this|meet the deadline|make (?:the|this) deadline|pay))|"
    r"\b(?:is|are|was|were|s|been|be|absolutely|literally|just|fucking|you|this|that|it|these|those|stop|shoes|feet|back|head|legs|knees?|heat|suspense|jokes?) (?:\w+ )?(?:killing|slaying|murdering) me\b(?! (?:off|inside))|\bkilled me (?:with|😂|lol)|\b(?:kill|shoot|end|murder) me(?: (?:now|already|please|lol|lmao|rn|right now))?(?=\W*$|[^a-z]*(?:lol|lmao|haha|😂|🤣|💀))(?<!someone kill me)(?<!just kill me)(?<!want you to kill me)(?<!please kill me)(?<!would kill me)(?<!could kill me)(?<!will kill me)(?<!might kill me)(?<!to kill me)(?<!it kill me)(?<!them kill me)|"
    r"\b(?:die|died|dying|dies|dead)(?: \w+){0,2} (?:of|from|with) (?:laugh\w*|embarrassment|shame lol|boredom|cringe|cuteness|hunger|thirst|heat|cold|curiosity|jealousy|excitement|happiness|joy|envy|second ?hand|awkward\w*|anticipation|secondhand embarrassment|old age|suspense|exhaustion|fomo|heatstroke|spice|too much (?:food|cake|cute\w*|studying|homework))|"
    r"\bdie laughing|\bdied laughing|\bdying laughing|\bdying (?:to|for) (?:\w+ )?(?:know|see|hear|meet|try|go|get|eat|watch|visit|read|tell|play|a (?:cup|glass|bite|slice|cigarette|smoke|coffee|drink|burger|pizza|break|nap|holiday)|some (?:coffee|water|food)|coffee|pizza|food|summer|the weekend|it)\b|\bto die for\b|\b(?:would|could|will|i'd|can) die for (?:\w+ )?(?:a|some|that|this|these|those|coffee|pizza|sushi|chocolate|him lol|her voice)|\bdie ?hard\b|\bdrop[ -]dead (?:gorgeous|beautiful|sexy)|\bover my dead body|\bdead (?:tired|beat|line|lines|serious|sure|ringer|end|ends|silent|on|heat|weight lift\w*|lift\w*|pool|sea|battery|letter|simple|easy|drunk)\b|\bi am (?:so )?dead\W*(?:💀|😂|lol|lmao|$)|"
    r"\b(?:bored|starv\w+|scared|worried|frightened|freez\w+|tickled|sick|loved?|beaten|work\w*) to death\b|\bdeath (?:by powerpoint|by chocolate|metal|star|note|valley|eater|grip|stranding|march|row)|\b(?:old habits|habits) die hard|\bnever say die|\bcross my heart and hope to die|\b(?:would|i'd|'d|will) (?:\w+ )?rather die than (?!live|keep living|go on|face|be alive|continue|spend another|wake|exist)|\bdie (?:happy|a happy \w+|in (?:a|the|this|my) (?:hole )?(?:game|dream|level|minecraft|raid|dungeon|match|round))|"
    r"\b(?:phone(?:'s)?(?: is)?|battery|laptop|car|computer|plants?|engine|wifi|server|process|app|browser|internet|connection|line|conversation|chat|party|meme|trend|game|character|sim|tamagotchi|cactus|succulent|basil|fern|orchid|headphones|controller|tablet|remote|signal|flashlight) (?:'s )?(?:\w+ ){0,3}(?:died|dies|dying|die|dead)\b|"
    r"\bsuicide (?:squad|bomb\w*|genes?|doors?|prevention|awareness|rates?|hotline|lifeline|statistics|attack\w*|mission|vests?|squeeze|king|burn|inhibit\w*|substrates?|cells?|inactivation|plasmids?|vectors?|watch|girls|wings|sauce|burger|chicken|slide|runs?|drills?|sprints?|pact in|clause|forest documentary|by cop in|blonde)\b|\bsuicides\b(?=.{0,20}\b(?:practice|basketball|drill|coach|court|track|sprints?)\b)|\b(?:career|political|commercial|financial|social|professional|economic|brand|market|electoral) suicide\b|\b(?:mechanism|enzyme|cell|cellular|bacterial|programmed|assisted|altruistic) suicide\b|\bself[ -]destruct(?:ing|ive)? (?:message|button|sequence|timer|mode)|"
    r"\boverdos(?:e|ed|ing) (?:on|of) (?:\w+ )?(?:sugar|chocolate|netflix|coffee|caffeine|candy|cuteness|turkey|carbs|tv|cake|pizza|cookies|content|memes|vitamin [cd] gummies|tiktok|cheese|love|happiness|k-?drama|anime|sunshine|nostalgia|cute)\b|\bhang(?:ing)? (?:out|myself up|in there|on|with)\b|\bhang me out|\bcut myself (?:some slack|short|a slice|off|shaving|a break|out)\b|\bshoot myself in the foot\b|\bkick(?:ing)? myself\b|\bbeat(?:ing)? myself up\b|\bdrown(?:ing)? (?:myself )?in (?:\w+ )?(?:work|emails?|homework|paperwork|laundry|debt lol|chocolate|coffee|ice cream|assignments|deadlines|meetings|memes|netflix|cheese|sauce)\b|\bbur(?:y|ied|ying) myself in (?:work|books|my)|\bjump(?:ing)? off the (?:couch|sofa|bed|diving board|swing|pier|dock|page|screen)\b|\bend of (?:my|the) life (?:insurance|sciences|support)|\bdeadline\w*\b|\bkilling (?:it|time|two birds|spree|floor|field|the (?:game|vibe|mood|process|server|plant|thread|job|task|container|session|engine))\b|\bkill (?:-?\d+|the (?:process|thread|server|job|task|daemon|container|session|engine|lights|boss|dragon|zombies?|app|tab|program|music|vibe|mood|plant)|it (?:on|at|today|tonight|out there)|time|two birds|switch|bill|command|streak|all (?:processes|python|chrome|node)|process\w*|-9)\b|\b(?:going to|gonna|will) kill it\b|\b(?:end|finish|ending) it (?:there|here|with (?:him|her|them)|between us|at \d|on a|by (?:noon|friday|\d))\b|\blive (?:and|to) (?:let|tell|learn|fight)|\b(?:want|time|ready|need) to (?:end|finish) (?:this|the|my) (?:call|meeting|relationship|game|chat|conversation|lease|contract|subscription|day|session|shift|project|sentence|semester|chapter|friendship|engagement|marriage|level|book)\b"
    r"|\b(?:die|dead|lost|nothing) without (?:my |a |some |this |the )?(?:coffee|caffeine|phone|wifi|chocolate|tea|music|memes|netflix|gps|google|ac|air ?con\w*|internet|glasses|sleep|snacks|cheese)\b|\bend of my rope with (?:this|the|my) (?:\w+ )?(?:printer|computer|laptop|code|bug|car|software|app|homework|contractor|landlord|internet|router|update)|\b(?:team|company|party|club|band|startup|brand|defen[cs]e|goalie|offense) (?:\w+ )?(?:committed|commits|committing|commit) suicide"
    r"|\b(?:will|would|could|might|gonna|going to) be the death of me\b|\bworking myself to death|\b(?:laugh\w*|cry\w*|sneez\w*) (?:so|that) (?:hard|much) (?:that )?i (?:\w+ ){0,2}(?:die|died|would die)|\b(?:so|too) (?:hungry|tired|bored|thirsty|full|hot|cold|embarrassed|happy|excited|sleepy|cute|funny|jealous) (?:that )?i (?:could|can|might|will|would|am going to|want to|almost|nearly) (?:\w+ )?(?:die|cry)|\b(?:somebody|someone|please|just|pls) (?:please )?shoot me\b(?=\W*$|\W*(?:lol|haha|now))|\bjump off a (?:cliff|bridge|building) for (?:him|her|that|them|you|this|those)|\boverdose d? ?on (?:chocolate|sugar)|\b(?:test|exam|final|quiz|hike|workout|level|climb|traffic|schedule|it|that|this|course|hill|practice) (?:was|is) (?:\w+ )?suicide\b(?= ?,| ?$|[.!]| so| lol)(?!\W+(?:(?:it|that) is )?(?:what|all|the thing) i\b|\W+i (?:am|have|keep|think|want)\b)|\bbe dead (?:if|when) (?:my )?(?:mom|mum|dad|parents|boss|teacher|wife|husband)|\bdead (?:inside )?(?:until|before|without) (?:\w+ )?(?:coffee|caffeine)|\b(?:sleep|nap) forever(?=\W*(?:lol|haha|😂|this weekend|on (?:saturday|sunday|the weekend)|after (?:finals|exams|this week)))|\bsleep for (?:a|\d+) (?:week|days|years?|month)|\btired of living (?:with|in|like a (?:student|pig|slob)|out of|paycheck|on (?:campus|ramen|takeout))|\bwant(?:ed)? to (?:disappear|vanish|die|sink into the (?:floor|ground))(?: \w+){0,3} (?:when|after|because) (?:\w+ ){0,4}(?:called|waved|tripped|fell|farted|mom posted|read my|saw my (?:browser|search|texts)|stage|teacher|crush|in front of (?:everyone|the whole class))"
    r"|\b(?:phone|battery|laptop|car|computer|engine|wifi|server|process|app|browser|printer|router|console|drive|disk|gpu|cpu|thread|job|container|pod|script|program|star|cell|cells|plant|company|startup|party|lemmings?)s? (?:\w+ ){0,2}(?:commit\w*|attempt\w*) suicide\b"
    r"|\bsuicide (?:pass|passes|tackle|ball|note \(album\)|lap|lunge|grip|shift|knob|hill)\b|\b(?:career|political|social|financial|professional|electoral|commercial|tactical|economic|brand|reputation) suicide\b"
    r"|\bgood ?bye (?:everyone|everybody|all|guys|folks|team|both)\b(?=.{0,40}\b(?:see you|see ya|until (?:next|then|tomorrow|monday)|back (?:on|in|next)|talk (?:soon|later|tomorrow)|at the (?:conference|meeting|party|office|gym)|have a (?:nice|good|great)))"
    r"|\bon the bridge\b(?=.{0,40}\b(?:traffic|stuck|congestion|photo\w*|selfie|toll|view is|sightseeing|band|drums?|of the (?:ship|song|nose|guitar)))"
    r"|\b(?:way|ways) to pass (?:out|around|on|along|through|by|the|my|this|an?)\b(?! (?:away|peacefully))|\b(?:overdos\w+|over ?dose) (?:on |of )?(?:my |the |his |her |our )?(?:\w+ )?(?:plants?|tomato\w*|lawn|garden|aquarium|tank|pool|fish|grass|roses|soil|sauce|salad|chorus|filter|bass)\b"
    r"|\bmy dead (?:hamster|cat|dog|pet|bird|fish|rabbit|parrot|goldfish|turtle|plant|battery|phone|laptop|grandm\w+|skin|weight|pixels?|car)\b",
    _I,
)  # fmt: skip
JOKE_EN = re.compile(
    r"\b(?:l+o+l+z?|lo+l|lmf?ao+|rofl|l[ou]lz|ha(?:ha)+h?|he(?:he)+|jk|j/k|xd+|kidding|joking|/s|/j|hehe\w*|bahaha\w*|smh|omg|ugh+|istg|fml)\b|[\U0001f602\U0001f923\U0001f605\U0001f606\U0001f604\U0001f601\U0001f92a\U0001f61c\U0001f643\U0001f480\U0001f62d\U0001f60d\U0001f97a\U0001f970\U0001f624\U0001f629\U0001f92f]|(?<!\w)[:;=][-o]?[dp)](?!\w)|\bxd\b|/[sj](?!\w)",
    _I,
)
TRIVIAL_EN = re.compile(
    r"\b(?:homework|assignments?|exams?|finals?|midterms?|essays?|quiz|tests?|calculus|math|maths|chemistry|algebra|statistics class|meetings?|traffic|mondays?|cring\w+|embarrass\w*|awkward|hangover|hungover|spicy|wings|hot sauce|workouts?|leg day|gym|squats|burpees|cardio|marathon|songs?|movies?|show|season|finale|episode|plot|boring|bored|lectures?|class|wi-?fi|internet|lag\w*|"
    r"laptop|excel|spreadsheets?|bugs?|code|coding|merge|commute|queue|line|diet|cute\w*|pupp\w+|kitten\w*|adorable|game|level|boss fight|raid|ranked|teammates?|weather|heat\w*|humid\w*|outfit|haircut|pizza|cake|burger|tacos?|full|ate|food|hungry|starving|sleepy|dishes|laundry|chores|alarm|ikea|slides|powerpoint|deadlines?|emails?|zoom|group project|small talk|autocorrect|selfie|crush|tiktok|shoes|heels|stairs|flight|airport|printer|"
    r"customer|customers|retail|karaoke|dad jokes?|puns?|joke|jokes|team|match|score|referee|playoffs|presentation|standup|sprint|jira|tax(?:es)?|dentist|waxing|hot outside|degrees|pollen|allergies|hiccups|sneez\w+|cramps|period cramps|sunburn|spoilers?|cliffhanger|update|patch|server|loading|password|captcha|parking|roommate'?s? (?:snor\w+|music)|mosquito\w*|baby shark|commercials?|ads?|text(?:ed)? (?:my|the) (?:ex|boss|crush|wrong)|reply[- ]all|muted|unmuted|photo|yearbook|selfies?)\b",
    _I,
)  # fmt: skip
HYPER_EN = re.compile(
    r"\b(?:makes? me|making me|made me|if (?:i|they|he|she|it|my|this|the|that|we|one more|anyone|someone)\b.{0,60}\b(?:again|one more|another|keeps?)|so \w+ (?:that )?i|if i (?:have to|hear|see|get)|one more|another|i swear|already|nearly|almost|could have|i could just|have to .{0,30}(?:again|another))\b",
    _I,
)

FICTION = re.compile(
    r"\b(?:novel|story|stories|fiction|character|characters|protagonist|antagonist|hero|heroine|villain|screenplay|script for|scene|movie|film|plot|chapter|fan ?fic\w*|poem|lyrics?|song|album|verse|chorus|play by|romeo|juliet|hamlet|ophelia|shakespeare|anna karenina|werther|bell jar|13 reasons|tv (?:show|series)|anime|manga|comic|documentary|podcast|book|author|writing prompt|monologue|screenwrit\w+|musical|opera)\b"
    r"|小说|故事|主角|男主|女主|主人公|角色|剧本|剧情|电影|电视剧|歌词|这首歌|歌里|动漫|漫画|诗歌|这首诗|书里|书中|名著|红楼梦|台词|同人文|番剧|罗密欧|哈姆雷特|朱丽叶|林黛玉|安娜·?卡列尼娜|剧中|影片|纪录片",
    _I,
)
NEWS = re.compile(
    r"\b(?:news|article|headline|reporter|journalis\w+|celebrity|statistics|stats|research|study|studies|paper on|epidemiolog\w+|essay (?:on|about)|thesis|report (?:on|about)|prevention|awareness|policy|according to|survey|psychology class|sociology|durkheim|history|historical|lecture|textbook|definition|define|what does .{0,30} mean|meaning of|police said|investigat\w+|training|course|volunteer\w*|world war|samurai|seppuku|cleopatra|socrates|van gogh|kurt cobain|hemingway|robin williams|hitler|rate in|rates? (?:of|in|among))\b"
    r"|三国|史记|水浒|西游记|古代|皇帝|朝代|乌江|新闻|报道|报告|论文|研究|统计|数据|学术|讲座|课程|热搜|据说|警方|明星|演员|历史|屈原|项羽|海子|三毛|梵高|海明威|王国维|老舍|课本|课文|涂尔干|预防|科普|培训|志愿者|什么意思|的定义|是什么意思",
    _I,
)
TRANSLATE = re.compile(
    r"\b(?:translat\w+|how (?:do|would|can) (?:you|i|one) say|in (?:french|spanish|german|chinese|japanese|korean|italian|english|latin|portuguese|russian|arabic|mandarin)|proofread|grammar|rephrase|paraphrase|correct (?:this|my) (?:sentence|english))\b|翻译|用(?:英|日|法|德|韩|西班牙|中)(?:语|文)(?:怎么)?(?:说|写)|译成|英文怎么|英语怎么|润色|改写|语法|造句|近义词|同义词",
    _I,
)
GAME = re.compile(
    r"\b(?:minecraft|gta|fortnite|roblox|skyrim|elden ring|dark souls|zelda|mario|league of legends|valorant|overwatch|sims|the sims|d&d|dnd|dungeon\w*|npc|respawn\w*|boss fight|boss battle|speed ?run\w*|in[- ]game|video ?game|gameplay|xp|hp|loot|raid|quest|role ?play\w*|text adventure|game master|my character|my avatar|player \d|checkpoint|save point|level \d+|lives left|among us|cs ?go|counter[- ]strike|dota|world of warcraft|bungee|sky ?div\w+|parachut\w*|paraglid\w*|base jump\w*|parkour|zip ?lin\w*|hang ?glid\w*|cliff ?(?:jump|div)\w*|scuba|snorkel\w*|water ?park|trampoline)\b"
    r"|游戏|我的世界|原神|王者荣耀|王者|吃鸡|和平精英|英雄联盟|剧本杀|狼人杀|跑团|副本|复活|团战|队友|打野|中路|排位|角色扮演|存档|通关|boss战|打boss|大boss|npc|蹦极|跳伞|滑翔|攀岩|密室|桌游|玩家|开黑",
    _I,
)
CODE = re.compile(
    r"\b(?:process(?:es)?|thread|daemon|pid|sigkill|sigterm|linux|python|java|javascript|docker|container|kubernetes|bash|shell|terminal|segfault|server|sql|query|database|compiler|function|loop|async|goroutine|child process|zombie process|parent process|git|npm|node|script|bug|debug\w*|exception|apoptosis|plasmid|gene|e\. ?coli|bacteri\w+|enzyme|cell line|transcription|knockout)\b|进程|线程|代码|程序|脚本|服务器|编程|数据库|细胞|基因|质粒|酶|杀毒|死锁|死循环|死机|函数|报错",
    _I,
)
# What breaks out of any frame.
LEAK = re.compile(
    r"\b(?:mine i mean|i mean mine|me i mean|for real|in real life|irl|not (?:a|the|in the|just a) (?:game|joke|story|fiction|song|book|lyric|character)|i mean (?:it|me|that|this)|that(?: is|'s|s) (?:me|how i feel|exactly (?:me|how i)|my (?:life|plan|note)|what i (?:want|feel|am going))|(?:same|just|exactly|a lot) as me|based on me|basically me|is (?:really |actually |secretly |kind of )?(?:me|about me|myself)\b|about me\b|like me\b|me too|so do i|neither (?:can|could|do|did|am|will|would) i|nor (?:can|could|do|did|am|will|would) i|there (?:is|was|has) (?:not (?:a|any) |no |never (?:a|any|been a|been any) )(?:novel|story|book|script|play|film|movie|game)|i feel the same|same here|i relate|relatable|how i feel|the way i feel|not joking|not kidding|no joke|i am serious|being serious|truth is|to be honest|the real me|real(?:ly)? (?:feel|want|mean|going)|actually (?:i|me|my|it|this|that|feel|mine)|i actually|for my (?:own )?(?:parents|mom|mum|mother|dad|family|note|wife|husband|kids|children|letter|goodbye)|my (?:own )?(?:note|last words|goodbye|letter|parents will|family will find)|they (?:find|will find) me|so do i|i want to (?:tell|do (?:the same|that|it) too)|(?:so|and) (?:do|did|am) i\b|i get (?:it|her|him|them)\b|planning (?:my|mine)|mine too|my (?:suicide|death)|want to be (?:her|him|them)|understand (?:him|her|them|why (?:he|she))|join (?:him|her|them)|jealous of (?:him|her|them)|envy (?:him|her|them)|i want that too|wish (?:that|it) (?:was|were) me|could be me|will be me|it is not (?:for )?(?:a|the) (?:story|book|game|novel)|outside the game|stop(?:ping)? (?:the|this) game|out of character|ooc|not the character|as myself|can we (?:stop|pause)|before (?:we|i) (?:continue|go on|answer)|i (?:can not|do not) (?:want to )?(?:play|translate|answer|continue|do this)(?: any ?more)?)\b"
    r"|说的就是我|就是我(?!的(?:老师|同学|朋友))|其实(?:是)?我|我也(?:想|一样|是|这样)|不是(?:游戏|小说|玩笑|故事|开玩笑|剧本|角色|歌词|段子)|没有(?:什么|这个|那个|所谓的)+(?:小说|故事|主角|剧本|角色)|现实(?:里|中)|真的想|是真的|认真的|我说真的|说真的|说实话|老实说|不开玩笑|没开玩笑|不是在?(?:开玩笑|说笑|演|玩)|我自己|写给(?:我)?(?:爸妈|父母|家人|妈妈)|留给(?:我)?(?:爸妈|父母|家人|妈妈)|我的(?:遗书|心声|心里话|真实想法|真实)|写的就是我|像我|和我一样|跟我一样|羡慕(?:他|她|主角|死)|理解(?:他|她|主角)|不想(?:玩|翻译|答|写|做题|聊游戏)了|先(?:停|不玩|别玩)|停一下|别(?:翻译|玩)了|我才是|下一个就是我|这(?:也)?是我的|我感同身受|感同身受",
    _I,
)
RETRACT = re.compile(
    r"\b(?:just kidding|jk|j/k|(?:was|am|were|been|only) (?:just |only )?(?:joking|kidding|being (?:dramatic|silly|stupid|edgy|overdramatic)|messing (?:with|around)|exaggerating|trolling|venting)|did(?: not|n'?t) (?:\w+ )?mean (?:it|that|what|anything)|do(?: not|n'?t) mean (?:it|that)|never ?mind|nvm|forget (?:it|i said|that|about it|what i said)|ignore (?:that|me|what i)|scratch that|it (?:was|is) (?:just |only )?a joke|not (?:being )?serious|i take (?:it|that) back|only a joke|no big deal|it is fine now|i am fine now|changed my mind|do not worry about (?:it|me|that))\b"
    r"|开(?:个)?玩笑|逗你(?:玩|的)|说着玩|闹着玩|骗你的|别当真|当我没说|我瞎说|瞎说的|乱说的|随便说说|随口(?:一)?说|没事了|没什么了|不是认真的|不是真的|别(?:担心|紧张|在意)|忘了(?:它|吧|刚才)|刚才(?:是)?(?:夸张|气话|胡说)|气话|我夸张|夸张(?:了|而已)|我没事|算了没事|收回",
    _I,
)
# "No": after a direct question, with a word about safety or about what was meant.
DENY = re.compile(
    r"\b(?:i am|i'm) (?:\w+ )?(?:safe|not (?:\w+ )?(?:suicidal|in danger|going to (?:hurt|kill|harm|do)|thinking (?:of|about) (?:suicide|killing|hurting|ending|that)|planning))|\b(?:no|nope|not at all|never)\b.{0,30}\b(?:thought|thoughts|suicid\w+|plan|plans|intention|thinking|going to|would never|don'?t want to die|kill)|\bwould never (?:\w+ )?(?:kill|hurt|harm|do (?:that|anything|it))|\bdo(?: not|n'?t) (?:\w+ )?(?:want to (?:die|kill|hurt|end)|have (?:any )?(?:suicidal )?(?:plans?|thoughts|intention)|think (?:of|about) (?:suicide|dying|killing))|\bno (?:suicidal )?(?:thoughts|plans?|intention)"
    r"|(?:没有|没|不|不会|从来没|并没有|绝不|不是)(?:真的|想过|想要?|打算|要|有|会|任何)*(?:自杀|轻生|想死|死|伤害自己|结束生命|寻短见|这(?:种|个)(?:念头|想法|打算)|做傻事|自残|自杀的(?:念头|想法))|我(?:很|是)?安全",
    _I,
)
HELPER = re.compile(
    r"\b(?:how (?:can|do|could|should) i (?:help|support|talk to|comfort|stop|respond|convince|reach)|what (?:should|can|do) i (?:do|say|tell)|worried about|i am (?:so |really |very )?(?:scared|afraid|worried) (?:for|about|he|she|they|that (?:he|she|they|my))|should i call|help (?:him|her|them|my))\b|怎么(?:帮|劝|安慰|开导|救|陪)|如何(?:帮|劝|安慰|开导)|担心(?:他|她|我(?:朋友|同学|妈|爸|弟|妹|哥|姐|儿|女|室|老))|(?:该|能|应该)(?:怎么办|做什么|说什么|怎么做)|帮帮(?:他|她)|救救(?:他|她)",
    _I,
)
