"""Killing oneself, a means of death named for oneself, and the wish to be dead. Contract: data, see ``_english``."""

# ruff: noqa: E501

from __future__ import annotations

DEATH: tuple[tuple[str, str, str], ...] = (
    # --- killing oneself
    (
        "self_kill",
        "kill self",
        r"\b{KILLINGS} (?:of )?(?:myself|me self|my self|mself)\b(?! (?:up|on|with work|over|trying|working|in the (?:game|mirror|foot)|at the gym|off (?:my|the) (?:email|mailing)|from (?:the|this|that) (?:list|group|chat|server|email|newsletter|mailing))\b)",
    ),
    (
        "self_kill",
        "suicide",
        r"\b(?:commit(?:ting|ted)?|attempt(?:ing|ed)?|die by|dying by|consider(?:ing|ed)?|contemplat(?:e|ing|ed)|think(?:ing)? (?:of|about)|thought (?:of|about)|plan(?:ning)?|want|wanting|choose|choosing|thoughts (?:of|about)|research(?:ing)?|urges? (?:of|for|to)|dream(?:ing)? (?:of|about)|closer to|ready for|leads? to|option is|fantasi\w+ about|google\w*|lookin\w* (?:up|into)|obsess\w+ (?:with|about|over)|my(?: own)?|resort(?:ing)? to|drawn to|end(?:ing)? (?:up )?in) suicide\b",
    ),
    (
        "self_kill",
        "suicide answer",
        r"\bsuicide (?:is|seems|feels|looks|sounds|would be|might be|may be|has been)\b.{0,30}\b(?:answer|option|solution|way|escape|mind|choice|peace\w*|comfort\w*|relief|plan|tempting|best|good|right|appealing|nice|easier|logical|inviting)",
    ),
    (
        "self_kill",
        "suicidal",
        r"\b(?:i|me|feel|feeling|felt|am|be|been|being|become|becoming|getting|got|my|having|have|had|these|those|of|and|more|with|intense|strong|constant|severe|actively|passively) (?:\w+ )?suicidal\b",
    ),
    ("self_kill", "suicidal alone", r"^\W*suicidal\b"),
    (
        "self_kill",
        "take my life",
        r"\b{ENDS} (?:away )?(?:with )?my (?:own )?(?:\w+ )?(?:life|existence)\b(?! (?:savings|insurance|coach|story|back|to the next|jackets?|vest|raft|lessons|sciences?|choices|for granted))",
    ),
    (
        "self_kill",
        "life end",
        r"\bmy (?:own )?life (?:has to|must|should|needs to|will|is going to|to) (?:be )?(?:over|end)",
    ),
    (
        "self_kill",
        "end it",
        r"\b(?:want|wanting|going|ready|decided|about|need|plan|planning|time|will|would|could|might|should|think(?:ing)? (?:of|about)|thought (?:of|about)|rather|way|courage|tempted|wish i could|tempt\w+|trying|try|urge|considering|how|let me|gonna|better|can|easier|prepared|chance|strength|guts|and|i) (?:to )?(?:\w+ )?(?:end|ending) (?:it(?: all)?|everything|things|all of it|all this|this all|all the pain|the pain|my (?:pain|suffering|misery|agony|torment)|the suffering|this (?:pain|suffering|misery|nightmare|torture))\b(?! (?:with (?:him|her|them|my|you|this|the)|between|on (?:a|good|the)|off|here|early|before|by (?:\d|friday|monday)|up|for (?:the )?(?:today|now)|in time|from|all from))",
    ),
    ("self_kill", "end it all", r"\b(?:end|ending|finish|finishing) it all\b"),
    (
        "self_kill",
        "make it stop",
        r"\b(?:make|making) (?:it|everything|the pain) (?:all )?stop (?:for good|forever|permanently|for ever|once and for all)",
    ),
    (
        "self_kill",
        "off self slang",
        r"\b(?:catch(?:ing)? the (?:final |last )?bus|self[ -]delet\w*|game[ -]end myself|alt[ -]?f4 (?:my )?(?:life|myself)|log(?:ging)? (?:off|out) (?:of )?(?:life|forever|for good|permanently|irl)|check(?:ing)? out (?:of life|of this (?:life|world|place)|permanently|for good|early|forever)|unsubscrib\w+ from life|delet\w+ my existence|exit(?:ing)? (?:this )?(?:life|world|earth)|quit(?:ting)? life|rage ?quit(?:ting)? life|opt(?:ing)? out of life|uninstall(?:ing)? life|final exit|toaster bath|hit(?:ting)? the big sleep|neck myself|necking myself|(?:punch(?:ing)?|clock(?:ing)?) out (?:of life|for good|permanently|forever)|do(?:ing)? myself in|did myself in|top myself|topping myself|take the easy way out|taking the easy way out|take the coward|bow(?:ing)? out of life|cash(?:ing)? in my chips|pull(?:ing)? the plug on (?:my(?:self| life)))\b",
    ),
    (
        "self_kill",
        "kill me plea",
        r"\b(?:someone|anyone|can you|could you|would you|i (?:want|need|wish|beg)\w*(?: \w+){0,3}) (?:please )?(?:to )?(?:kill|shoot|end|euthani[sz]e) me\b",
    ),
    (
        "self_kill",
        "do it",
        r"\b(?:i(?: am)? (?:going|decided|ready|about|plan\w*|want|will|have)|i will|am) (?:to )?(?:have to )?(?:do|doing) it\b.{0,30}\b{SOON}\b",
    ),
    (
        "self_kill",
        "not be alive soon",
        r"\b(?:i )?(?:will|wo|would|am|going to) (?:not )?(?:be )?(?:dead|gone|not be (?:alive|around|here)|no longer be (?:alive|around|here|with you)|not (?:be )?(?:see|make it to|live to see)) .{0,12}\b(?:by|before|tomorrow|tonight|soon|after|next week|this time|when you|morning|the morning|the weekend|in the morning)\b",
    ),
    (
        "self_kill",
        "not alive tomorrow",
        r"\bi (?:(?:do not|will not|won't) (?:plan to |intend to |expect to |think i will |want to |be |need to )*(?:be )?(?:alive|here|around|wake up|live|see|make it|survive|exist)\b.{0,20}\b(?:tomorrow|next week|next month|the (?:morning|weekend|night)|monday|tonight|christmas|my birthday|friday|by then|long enough)|am not going to be (?:here|around|alive))",
    ),
    (
        "self_kill",
        "last day",
        r"\b(?:(?:today|tonight|this|tomorrow) (?:is|will be|might be|would be) (?:going to be )?(?:my|the) (?:last|final) (?:day|night|evening|morning|sunset|sunrise|breath|meal|message|conversation|chat|text|time|words|post)|my last (?:night|day|sunset|meal|hours?|moments?|breath) (?:on earth|alive|here|on this)|(?:last|final) (?:time|thing|message|conversation) (?:i will|i'll|you will|you'll|we will|from me|i am going to))",
    ),
    # --- death of oneself by a means (categories)
    (
        "method_self",
        "jump",
        r"\b(?:jump(?:ing|ed)?|leap(?:ing|t)?|throw(?:ing)? myself|step(?:ping)?|fling(?:ing)? myself|hurl(?:ing)? myself|fall(?:ing)?|div(?:e|ing)|walk(?:ing)?|roll(?:ing)?) (?:off|from|out of|over|off of) (?:of )?(?:the|a|my|this|that|some|our|her|his)? ?(?:\w+ ){0,4}{HIGH}\b",
    ),
    (
        "method_self",
        "in front",
        r"\b(?:jump(?:ing)?|step(?:ping)?|walk(?:ing)?|throw(?:ing)? myself|run(?:ning)?|lie|lying|lay|laying|stand(?:ing)?|leap(?:ing)?|roll(?:ing)?|wander(?:ing)?) (?:down )?(?:out )?(?:in front of|into|under|on|onto|in the path of|before) (?:of )?(?:the|a|an|some|moving|oncoming|busy|my|this|that|next|\w+ing)? ?(?:\w+ ){0,2}{TRACK}\b",
    ),
    (
        "method_self",
        "water",
        r"\b(?:walk(?:ing)?|jump(?:ing)?|wad(?:e|ing)|sink(?:ing)?|swim(?:ming)?|throw(?:ing)? myself|div(?:e|ing)) (?:out )?(?:in|into|to|toward|off into) (?:the|a|that) (?:\w+ )?{WATER}\b.{0,40}\b(?:never|not|until|let|forever|come back|sink|drown|end)",
    ),
    (
        "method_self",
        "crash",
        r"\b(?:driv(?:e|ing)|crash(?:ing)?|steer(?:ing)?|swerv(?:e|ing)|run(?:ning)?) (?:my(?:self)? |the |our )?(?:\w+ )?(?:off|into|straight into|over) (?:a|the|an|that|oncoming|some|this)? ?(?:\w+ )?(?:bridge|cliff|tree|wall|truck|lorry|traffic|pole|oncoming|barrier|river|lake|ravine|guardrail|semi)\b",
    ),
    (
        "method_self",
        "wrists",
        r"\b(?:slit(?:ting)?|cut(?:ting)?|slash(?:ing|ed)?|open(?:ing|ed)?(?: up)?|slic(?:e|ing)d?) (?:\w+ )?(?:my|both|these) (?:own )?(?:wrists?|throat|veins?|arter\w+|neck)\b",
    ),
    (
        "method_self",
        "shot",
        r"\b(?:blow(?:ing)? (?:my|out my) (?:own )?(?:\w+ )?(?:brains?|head)(?: out| off)?|(?:put(?:ting)?|bullet|gun|barrel|pistol|pull the trigger)(?: (?:a|the|my|this))? ?(?:\w+ )?(?:gun|bullet|pistol|barrel|it|one)? ?(?:in|to|through|into|against|at|on) my (?:own )?(?:head|brain|mouth|temple|skull|chest|heart)|eat(?:ing)? (?:a|my) (?:gun|bullet)|swallow(?:ing)? a bullet|pull(?:ing)? the trigger on myself)\b",
    ),
    (
        "method_self",
        "overdose",
        r"\b(?:overdos(?:e|ing)|o\.?d\.?(?:ing)?) (?:on|myself|tonight|with|by|and|to|is|right|now|so|if|in|would|will|tomorrow)|\b(?:want|going|plan\w*|try|tried|trying|ready|about|thinking of|thinking about|consider\w*|how|decided|might|will|could|deliberate|intentional|fatal|lethal|purposely|i|can|should) (?:to |an )?overdos(?:e|ing)\b",
    ),
    (
        "method_self",
        "pills",
        r"\b(?:tak(?:e|ing)|swallow(?:ing)?|down(?:ing)?|eat(?:ing)?|empty(?:ing)?|drink(?:ing)?|pop(?:ping)?|chug(?:ging)?|ingest(?:ing)?|have|mix(?:ing)?) (?:up )?(?:all (?:of )?|the whole |the entire |every (?:single |last )?(?:one of )?|a (?:whole |full |entire )?(?:bottle|handful|bunch|box|lot|ton|fistful|pack) of |(?:\d+|fifty|thirty|forty|twenty|hundred|sixty|too many|enough|a load of|loads of) (?:of )?)(?:my |the |these |those |her |his |mom's |mum's |dad's |them |of |\w+'?s )*(?:{PILLS}|bottle|box|packet|cabinet|lot)\b",
    ),
    (
        "method_self",
        "hang",
        r"\b(?:tie|tying|tied|hang(?:ing)?|make|making|made|put(?:ting)?) (?:up )?(?:the|a|my|this)? ?(?:rope|noose|belt)\b(?!.{0,25}\b(?:swing|dog|boat|tent|tree house|hammock|tyre|tire|climb|waist|jeans))|\b(?:rope|noose|belt|cord) (?:is |was )?(?:\w+ )?(?:around|round|on) my neck\b|\bhang from the (?:ceiling|rafters|fan|beam)",
    ),
    (
        "method_self",
        "gas bleed",
        r"\b(?:bleed(?:ing)? out|turn(?:ed|ing)? on the gas|seal(?:ed|ing)? the (?:windows|garage|room|car)|(?:breathe|breathing|inhale|inhaling) (?:in )?(?:the )?(?:exhaust|gas|fumes|charcoal|carbon monoxide)|starve myself to death|drink(?:ing)? (?:the |some |a bottle of )?(?:bleach|antifreeze|poison|pesticide)|stop(?:ping)? taking my (?:insulin|heart)\b.{0,30}\b(?:die|end|over))\b",
    ),
    (
        "method_self",
        "way to die",
        r"\b(?:ways?|methods?|how) (?:i (?:could|can|would|will|might|should)|to|of|for me to) (?:\w+ ){0,2}(?:die|dying|end (?:it|my)|kill(?:ing)? myself|suicide|not wake up|stop living|go)\b(?! (?:hard|about|to (?:the|work|school|bed|sleep on)|with|back|out|home|from|in|for|on|through))",
    ),
    # --- wish to be dead
    (
        "die_wish",
        "want to die",
        r"\b{WANT} (?:\w+ )?(?:to )?(?:\w+ )?(?:die|be dead|be buried|be six feet under|drop dead|perish|pass away|be no more|not be alive|not exist|never wake(?: up)?|not wake(?: up)?|cease(?: to exist)?|stop (?:existing|living|breathing|being alive|being here)|sleep forever|sleep and (?:never|not) wake(?: up)?|bleed to death|rot in (?:the|a) (?:ground|grave)|be put out of my misery|disappear (?:forever|for good|from (?:this|the) (?:world|earth|face))|vanish (?:forever|for good|from (?:this|the) (?:world|earth|face))|be gone(?: forever| for good| from| already)?|leave this (?:world|earth|life|planet)|depart this|exit this|go to heaven|meet (?:god|my maker|death)|join (?:him|her|them|my (?:late |dead )?(?:mom|mum|dad|wife|husband|son|daughter|brother|sister|grandma|grandpa|mother|father|baby))(?: in| up| there| on the other)|be with (?:him|her|them|my (?:late |dead )?(?:mom|mum|dad|wife|husband|son|daughter|brother|sister|grandma|grandpa|mother|father|baby)) (?:in heaven|again|up there|on the other side|where))\b",
    ),
    (
        "die_wish",
        "wish dead",
        r"\b(?:wish(?:ed|ing)?|hop(?:e|ed|ing)|want(?:ed)?|pray(?:ed|ing)?|if only|would rather|sometimes think|think|believe|wonder if) (?:that |to god |to )?(?:i|it|god|death|something|someone|a \w+|the \w+|my \w+)(?: \w+){0,5} (?:dead|die|died|dying|killed|kill me|killed me|end me|ended me|take me|took me|taken me|hit me|hits me|gone|crash(?:ed|es)?(?: into me)?|run me over|ran me over|not exist|stop(?:ped)? (?:existing|beating)|gives? out|vanish(?:ed)?|disappear(?:ed)?|cease[d]?|never (?:been )?born|not (?:been )?born|never existed|never wake|never woke|not wake|not woken|take me away|strike me|swallow me (?:up )?(?:forever|for good)|cancer|terminal|over with)\b",
    ),
    (
        "die_wish",
        "better dead",
        r"\b(?:better|happier|easier|best|peaceful|good|nice|relief|fine|simpler|preferable|cheaper|worth more|more use\w*) (?:off |to be |if i (?:was|were|am) |being |when i am |i (?:was|were) |for \w+ if i (?:was|were) |for everyone if i (?:was|were) |for me to be |i am |me )?(?:dead|not alive|not existing|buried|six feet|in (?:a|the|my) (?:grave|coffin))\b",
    ),
    (
        "die_wish",
        "without me",
        r"\b{PEOPLE} (?:\w+ )?(?:would|will|could|might|is|are|'d|'ll|can|deserve)? ?(?:all )?(?:be )?(?:\w+ )?(?:better(?: off)?|happier|fine|relieved|easier|glad|thankful|at peace) (?:\w+ )?(?:without me|if i (?:was|were|am|died|disappeared|vanished|left|did not exist|never existed|killed|were not|was not)|when i (?:am|die)|once i (?:am|die)|with me (?:gone|dead))",
    ),
    (
        "die_wish",
        "without me world",
        r"\b(?:world|life|lives|things|everything|place|family)(?: \w+){0,6} (?:better|easier|happier|brighter|lighter)(?: \w+){0,4} (?:without me|if i (?:was|were|am) (?:not|gone|dead|no)|if i (?:died|disappeared|vanished|did not exist)|with me gone|not in it|(?:had )?never been born)",
    ),
    (
        "die_wish",
        "not live",
        r"\b(?:do not|does not|did not|no longer|not|never|can not|could not|hardly|barely) (?:\w+ )?(?:want|wanting|wish|care|deserve|desire|like|feel like|see (?:the|a|any) (?:point|reason)(?: (?:in|of|to))?|have (?:the|any|a) (?:\w+ )?(?:will|strength|energy|reason|desire|wish)|to|worth|bear|stand|keep|go on|continue|plan|need) ?(?:on )?(?:to |of |in )?(?:\w+ )?(?:live|living|be alive|being alive|be here {NOMORE}|be here|being here|exist|existing|wake up|waking up|be on this (?:earth|planet)|be in this (?:world|life)|be around|stay alive|staying alive|be a part of this world|survive|live in this world|continue (?:living|my life)|go on living|keep living|breathe|breathing|life|my life|see tomorrow|see another day|be a person)\b(?! (?:in (?:\w+ )?(?:city|town|apartment|house|dorm|new|london|this (?:city|town|apartment|house|flat|neighbou?rhood|dorm|country|place))|with (?:my |him|her|them|roommates?|the)|here in|at home|there|alone|up (?:early|at|so|for|to)|without (?:coffee|wifi|chocolate|my phone)|early|at \d|for the (?:party|meeting)|on campus|around (?:him|her|them|people|smok)|at (?:this|the|that) (?:party|meeting|job|school|wedding))|.{0,12}\b(?:party|meeting|office|class)\b)",
    ),
    (
        "die_wish",
        "no reason to live",
        r"\b(?:no|not have|not see|without|any|lost|losing|find|need|have no|not any|zero|nothing|can not find|little) (?:\w+ ){0,3}(?:reasons?|point|purpose|will|desire|wish|hope|worth|left|more) (?:\w+ )?(?:to|in|of|for|about) (?:\w+ )?(?:live(?: for| {NOMORE})?|living|be alive|being alive|exist|existing|keep going on|go on(?: living)?|stay alive|staying alive|wake up|waking up|continuing (?:to live|living|my life)|continue living|life)\b",
    ),
    (
        "die_wish",
        "nothing to live",
        r"\b(?:nothing|no one|not anything|little|not much) (?:left |more |else |worth )*(?:to live|to stay alive|worth living|worth staying|to keep living|keeping me (?:here|alive|on this)|to hold on|left for me (?:here|in this)|tying me|holding me here)",
    ),
    (
        "die_wish",
        "tired of living",
        r"\b(?:tired|sick|exhausted|weary|done|fed up|over|bored|finished|through|worn out|had enough|enough|hate|hating|can not (?:bear|stand|take)|despise|regret|dread|sick and tired|so done) (?:of |with |from |by )?(?:\w+ )?(?:living|being alive|existing|life\b(?! (?:in|at|as|on|coach|insurance|in the (?:city|office)|sciences?|jackets?|admin|hacks?))|my life(?! (?:in|at|as|on|here in|with|being) )|my existence|existence|breathing|waking up(?! (?:early|at|so early|to (?:the|my) (?:alarm|noise)))|being (?:here|on this (?:earth|planet)|conscious|a person|in this world))",
    ),
    (
        "die_wish",
        "life not worth",
        r"\b(?:life|living|my life|being alive|existence|staying alive|existing|this life|it) (?:is|was|does|has|feels|seems|do|did|will)(?: not|n't| no longer| never)? (?:\w+ )?(?:not )?(?:worth (?:living|it {NOMORE}|continuing|the (?:pain|effort|trouble|suffering))|meaningless|pointless|unbearable|have (?:any )?(?:meaning|point|purpose)|over for me|no point|no meaning|not for me|too painful|a curse|torture|hell)",
    ),
    (
        "die_wish",
        "point of living",
        r"\bwhat(?: is|'s|s)? (?:even )?(?:the |my )?(?:point|use|purpose|reason|sense) (?:of|in|to) (?:\w+ )?(?:living|life|being alive|existing|live|being here|staying alive|going on|my (?:life|existence)|waking up|continuing|carrying on|keep living|stay alive)",
    ),
    (
        "die_wish",
        "why alive",
        r"\bwhy (?:am i|do i|should i|would i|bother|must i|did i|keep|even|was i|i am|i should|i) (?:\w+ )?(?:still )?(?:alive|living|live|be alive|here on (?:this )?earth|exist|existing|keep living|stay alive|staying alive|born|wake up|go on living|breathing)\b",
    ),
    (
        "die_wish",
        "never born",
        r"\b(?:wish|wished|better|should|shame|rather|if only|pity|regret|mistake|hate|why) (?:that )?(?:\w+ ){0,4}(?:never|not|n't)? ?(?:have |had |been )*(?:be )?born\b(?! (?:in (?:a|the|\w+land|\d)|rich|earlier|later|with|into|decades|as a|a (?:cat|dog|prince\w*|boy|girl|king|millionaire)))",
    ),
    (
        "die_wish",
        "if i died",
        r"\bif i (?:\w+ )?(?:died|die|disappeared|disappear|vanished|was dead|were dead|was gone|were gone|did not wake up|ceased|stopped existing|was not here|were not here|killed|ended|did not exist|left this world|dropped dead|got hit)\b.{0,60}\b(?:no one|nobody|anyone|care|notice|miss|better|happier|relie\w+|matter|wonder|sad|cry|funeral|mind|who|peace|fine|okay|different|easier)|\b(?:no one|nobody|who|anyone|anybody|would they|would you|would he|would she|not mind|relie\w+|not care|be okay|wonder what|wonder who|wonder how|nothing would change)\b.{0,40}\bif i (?:\w+ )?(?:died|disappeared|vanished|was dead|were dead|was gone|were gone|did not wake up|ceased|stopped existing|did not exist|dropped dead|got hit)\b",
    ),
    (
        "die_wish",
        "death thoughts",
        r"\b(?:think(?:ing)?|thoughts?|thought|obsess\w*|fantasi[sz]\w*|dream\w*|daydream\w*|imagin\w*|fixat\w*|ruminat\w*|longing|crav\w*|wish\w*|long\w*|pray\w*|yearn\w*|beg\w*|look(?:ing)? forward|desire|welcome|consider\w*|pictur\w+|wonder\w*|waiting|wait) (?:\w+ )?(?:about|of|for|on|over|to|how|what|with) (?:\w+ ){0,2}(?:death|dying|being dead|my (?:own )?(?:death|funeral|end)|not (?:being|existing)|disappearing forever|never waking up|not waking up|ending (?:it|everything|things)|how i would die|be like to be dead|the end of my life|the sweet release|leaving this world)\b",
    ),
    (
        "die_wish",
        "death embrace",
        r"\b(?:death (?:would|sounds|seems|feels|looks|is|will) (?:be )?(?:\w+ )?(?:relief|release|peace\w*|comfort\w*|better|welcome|nice|good|only|escape|answer|solution|easier|tempting|appealing|kinder|beautiful|inviting|calling|sweet|blessing)|sweet release of death|welcome death|embrace death|not (?:afraid|scared) (?:of death|of dying|to die)(?: {NOMORE})?|(?:do|would|will) not (?:mind|care if i) (?:\w+ )?(?:dying|die|died|being dead|if i (?:died|die|was dead|did not wake|do not wake|got hit|never woke)|not waking up|live or die|lived or died|am alive or dead|a (?:bus|car|truck) hit)|(?:not|never) (?:\w+ )?care (?:\w+ )?(?:if|whether) i (?:\w+ )?(?:live|lived|die|died|wake up|am alive|make it)|to be or not to be.{0,30}\bmyself|rather be dead|i (?:should|ought to|need to|deserve to|have to) (?:be dead|die|not be alive|not exist|have died)|i (?:would|could|might|may|will|can) as well be dead|dead inside .{0,30}\b(?:outside|too|die))",
    ),
    (
        "die_wish",
        "sleep forever",
        r"\b(?:sleep|asleep|slumber|rest|nap|bed) (?:\w+ )?(?:forever|for ever|for good|eternally|and (?:\w+ )?(?:never|not) (?:\w+ )?wake(?: up)?(?: again)?|without waking|permanently|peacefully forever)|\b(?:never|not) (?:\w+ )?wak(?:e|ing) up (?:again|any ?more|tomorrow|ever|from|one)|\b(?:hope|wish|pray\w*|hoping|wishing|if only|want\w*|like) (?:that )?(?:i |to )?(?:\w+ )?(?:do not|did not|will not|never|not|could not|would not|would never) (?:have to )?(?:wake|woke|woken)\b|\bdread waking up|\bdisappointed (?:\w+ )?(?:that )?i (?:woke|wake)|\b(?:woke|wake|wakes?) up (?:\w+ )?(?:disappointed|sad|angry|upset) (?:that )?i (?:am|was|did)|\bnot waking up\b",
    ),
    (
        "die_wish",
        "want out of life",
        r"\b(?:i|just|want|need|way) (?:to )?(?:get )?(?:out of|off) (?:this (?:life|world|planet|earth)|life|existence)\b|\b(?:leave|leaving|left|depart|exit|escape|quit) (?:this|the) (?:world|earth|planet|life|realm|mortal)\b|\bnot (?:be|being) (?:here|around|alive|a burden|anything) {NOMORE}|\b(?:want|wish|need|like|hope|going|rather|ready|desire|dream\w*)(?: i| to| of| i could| it would| everything would)* (?:\w+ )?(?:disappear(?:ing)?|vanish(?:ing)?|not exist(?:ing)?|cease to exist|fade away|evaporat\w+|dissolv\w+|be nothing|stop existing|be erased|be gone|erase myself|fade(?: out)?)\b(?! (?:for (?:a|the) (?:week|day|while|weekend|month|hour|holiday|vacation)|to (?:a|an|the|bali|hawaii|mexico|thailand|italy|paris)|into (?:a|the|my) (?:book|couch|sofa|bed|blanket|floor|ground|woods|mountains|crowd)|on (?:a )?(?:vacation|holiday)|from (?:social|facebook|instagram|twitter|work|the (?:party|office|meeting))))",
    ),
    (
        "die_wish",
        "life ending longing",
        r"\bi (?:am|feel|was)(?: \w+)? (?:dead already|dead already inside|dying inside|a ghost already|ready to (?:go|die|leave(?: this (?:world|life))?|be done with (?:life|it all)|meet (?:god|my maker)|let go)(?: now| any time)?$)|\bmy time (?:is|has) (?:up|come|over|run out)\b|\bi (?:have )?lived (?:long )?enough|\b(?:permanent(?:ly)?|eternal|everlasting|forever) (?:solution|sleep|rest|peace|rest|nap|silence|escape|gone|relief)|\b(?:only|best|easiest|quickest|fastest) (?:way|thing|option|escape|exit|solution|answer|peace)(?: \w+){0,4} (?:is|would be|seems|left is|out is)(?: \w+)? (?:death|to die|dying|suicide|ending|to end|to stop (?:living|existing)|to be dead|not (?:being|existing|living))",
    ),
)
