"""What English patterns look for, as signals; who it is about and whether it is denied is decided in ``_grammar``.

Contract: data. Each rule is (kind, name, pattern); a pattern reads the folded text without filler words. ``{NAME}`` is a
group of ``PARTS``. Patterns are built of what people combine (wish + death, verb of killing + self, means + at hand),
not of whole sentences. Names of means are categories that people write themselves; nothing here says how.
"""

# ruff: noqa: E501

from __future__ import annotations

PARTS: dict[str, str] = {
    "I": r"(?:i|me|myself)",
    "AM": r"(?:am|was|feel|be|been|being|get|getting|got|have been)",
    "WANT": r"(?:want(?:ed|ing|s)?|wish(?:ed|ing|es)?|hop(?:e|ed|ing)|need(?:ed|ing|s)?|long(?:ing|ed)?|crav(?:e|ing)|pray(?:ed|ing)?|ach(?:e|ing)|yearn(?:ing)?|"
    r"would rather|rather|prefer|would love|would like|ready|prepared|willing|deserve[ds]?|going|plan(?:ning|ned)?|decided|about|desire|urge|fantasi[sz]e|begging|beg|"
    r"tempted|intend(?:ing|ed)?|try(?:ing)?|tried|have|got|supposed|time|dream(?:ing)?|prefer|ought|choose|choosing|chosen|chose|like)",
    "SELF": r"(?:myself|me self|me|my self)",
    "KILLING": r"(?:kill|off|end|hang|drown|shoot|stab|murder|gas|poison|strangle|suffocate|delete|execute|terminate|destroy|erase|snuff|asphyxiate|electrocute|euthani[sz]e|annihilate|"
    r"rope|yeet|uninstall|unsubscribe|slaughter|eliminate|exterminate|finish|remove|dispose of|get rid of|do away with|burn|immolate|self[ -]delete|starve)",
    "KILLINGS": r"(?:kill(?:ing|ed)?|off(?:ing|ed)?|end(?:ing|ed)?|hang(?:ing|ed)?|hung|drown(?:ing|ed)?|shoot(?:ing)?|shot|stab(?:bing|bed)?|murder(?:ing)?|gas(?:sing)?|poison(?:ing|ed)?|"
    r"strangl(?:e|ing)|suffocat(?:e|ing)|delet(?:e|ing)|execut(?:e|ing)|terminat(?:e|ing)|destroy(?:ing)?|eras(?:e|ing)|snuff(?:ing)?|asphyxiat(?:e|ing)|electrocut(?:e|ing)|"
    r"euthani[sz](?:e|ing)|annihilat(?:e|ing)|rop(?:e|ing)|yeet(?:ing)?|uninstall(?:ing)?|eliminat(?:e|ing)|exterminat(?:e|ing)|finish(?:ing)?|remov(?:e|ing)|dispos(?:e|ing) of|"
    r"get(?:ting)? rid of|do(?:ing)? away with|don[e] away with|burn(?:ing)?|immolat(?:e|ing)|self[ -]delet(?:e|ing)|starv(?:e|ing))",
    "ENDS": r"(?:end(?:ing|ed|s)?|tak(?:e|ing|en)|took|finish(?:ing|ed)?|stop(?:ping)?|clos(?:e|ing) out|put(?:ting)? an end to|quit(?:ting)?|escap(?:e|ing)|leav(?:e|ing)|throw(?:ing)? away|terminat(?:e|ing)|exit(?:ing)?|"
    r"cut(?:ting)? short|snuff(?:ing)? out|bring(?:ing)? an end to|depart(?:ing)?)",
    "HIGH": r"(?:bridge|roof|rooftop|building|balcony|ledge|cliff|window|overpass|tower|parking (?:garage|structure|deck)|viaduct|car park|multi ?storey|terrace|dam|edge|top floor|highrise|high rise)",
    "TRACK": r"(?:train|trains|subway|tube|truck|lorry|bus|car|cars|traffic|tram|metro|tracks?|rails?|railway|motorway|highway|freeway)",
    "WATER": r"(?:river|sea|ocean|lake|canal|water|harbou?r|waves)",
    "PILLS": r"(?:pills?|meds|medication|medicine|tablets|tylenol|paracetamol|ibuprofen|aspirin|xanax|sleeping (?:pills|tablets)|painkillers?|antidepressants?|insulin|opioids?|oxy\w*|fentanyl|benzos|drugs|capsules|valium|"
    r"ambien|melatonin|blister packs?|prescription|bleach|antifreeze|poison|pesticide)",
    "BLADE": r"(?:knife|blade|razor|razors|razor ?blades?|scissors|box ?cutter|scalpel|glass)",
    "GUN": r"(?:gun|pistol|revolver|rifle|shotgun|firearm|glock|handgun|bullets?)",
    "ROPE": r"(?:rope|noose|belt|cord|ligature|extension cord|cable)",
    "MEANS": r"(?:{PILLS}|{BLADE}|{GUN}|{ROPE}|charcoal|exhaust|helium|everything i need|what i need|the means|method|supplies|stuff i need)",
    "SOON": r"(?:tonight|right now|now|today|this (?:evening|morning|afternoon|night|weekend)|tomorrow(?: (?:morning|night|evening))?|in (?:a|an|one|two|three|ten|five|\d+|a few|few|a couple(?: of)?|half an) (?:minutes?|hours?|seconds?|moments?)|"
    r"at (?:midnight|dawn|noon|\d+(?::\d+)? ?(?:am|pm)?)|before (?:sunrise|morning|dawn|midnight|tomorrow|they (?:get|come|wake)\w*|anyone|he |she |my )|(?:when|once|as soon as|after) (?:everyone|they|my (?:mom|mum|dad|parents?|wife|husband|roommates?|kids|brother|sister|family)|he|she|the (?:house|kids)) (?:is |are |have |has |had )?(?:falls?|asleep|leaves?|gone|left|goes|go|sleeps?|out)|"
    r"this is it|in the next (?:hour|few)|by (?:tomorrow|morning|midnight|tonight)|later (?:tonight|today)|soon as)",
    "SOONER": r"(?:tonight|right now|tomorrow(?: (?:morning|night|evening))?|in (?:a|an|one|two|three|ten|five|\d+|a few|few|a couple(?: of)?|half an) (?:minutes?|hours?|seconds?|moments?)|"
    r"this (?:evening|morning|afternoon)|at (?:midnight|dawn)|before (?:sunrise|dawn|midnight|morning)|by (?:tomorrow|morning|midnight)|later (?:tonight|today)|today)",
    "NOMORE": r"(?:any ?more|any longer|at all|tomorrow|much longer|ever again)",
    "PEOPLE": r"(?:everyone|every one|people|the world|they|my (?:family|kids|children|parents|wife|husband|friends|mom|mum|dad|partner|girlfriend|boyfriend|mother|father|son|daughter)|no one|anyone|them|you|you all|you guys|others|he|she|we all|the kids|all of (?:you|them))",
    "LIFE": r"(?:life|existence|living|being alive|existing|this world|earth|this planet)",
    "SUICIDE": r"(?:suicide|suicidal|self[ -]?(?:destruct|murder|annihilation))",
}

#: (kind, name, pattern). Kinds: see ``_grammar.WEIGHT``.
RULES: tuple[tuple[str, str, str], ...] = (
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
    # --- preparation and goodbye
    (
        "plan_hint",
        "have plan",
        r"\b(?:have|had|made|making|got|there is|working on|finali[sz]\w+|my|following|finished|figured out|settled on|came up with) (?:a |the |my |an exact |everything )?(?:\w+ )?(?:plan(?:ned)?|method)\b(?=.{0,60}\b(?:die|kill|end|suicid\w+|it all|gone|pills|rope|gun|bridge|life|how i|my death|never|to do it|carry it out|go through)|\W*$)",
    ),
    (
        "plan",
        "know how when",
        r"\bi (?:\w+ )?(?:know|knew|decided|picked|chose|chosen|figured out|planned|set|have|found|scouted|choosing|picking|worked out|been (?:looking|planning|researching))(?: on| out)?(?: (?:exactly|already|finally|the|a|my|what))* (?:how (?:and when )?(?:i am|i will|i would|to|i want)(?: \w+){0,4} (?:do it|die|end|go|kill)|when (?:and (?:where|how) )?(?:i am|i will|to|i would)(?: \w+){0,3} (?:do it|die|end|go)|where (?:i am|i will|to|i would)(?: \w+){0,3} (?:do it|die|end|jump)|(?:a |the |my )?(?:date|day|place|spot|location|bridge|method|way|time|tree|building)(?: and (?:the )?(?:time|place|method|date))?(?=\W*$|.{0,40}\b(?:die|end|do it|kill|final|last|it|out)))",
    ),
    (
        "plan",
        "stockpile",
        r"\b(?:sav(?:e|ed|ing)(?: up)?|stockpil(?:e|ed|ing)|collect(?:ed|ing)?|hoard(?:ed|ing)?|stash(?:ed|ing)?|stor(?:ed|ing)|gather(?:ed|ing)?|hid(?:den|ing)?|keep(?:ing)?|kept|count(?:ed|ing)) (?:up |away |all )?(?:\w+ ){0,3}(?:pills|meds|tablets|medication|painkillers|sleeping (?:pills|tablets)|doses|insulin|antidepressants|prescriptions?|blades|razors)\b(?! (?:for (?:a|my|the|work|mom|grandma)|at (?:the )?(?:pharmacy|work)|out of reach|in (?:a|the) (?:pill ?box|organi[sz]er)))",
    ),
    (
        "plan",
        "bought",
        r"\b(?:bought|buy|buying|order(?:ed|ing)?|got|getting|picked up|purchas(?:e|ed|ing)|found|borrowed|stole|have|took) (?:me |myself )?(?:a|the|some|my|enough|myself a|dad's|my dad's|my father's|his|her)? ?(?:\w+ )?(?:rope|noose|gun|pistol|razor ?blades?|blade|poison|helium|charcoal|bullets|sleeping pills|pills|handgun|revolver|shotgun|knife|pesticide)\b(?=.{0,80}\b(?:use it|end|die|kill|done|myself|over|courage|do it|it all|never|last|goodbye|peace|ready|can not|finally|forever|tonight|tomorrow|nobody|no one|hidden|under my bed|stop me))",
    ),
    (
        "prep",
        "note",
        r"\b(?:wr(?:ite|ote|iting|itten)|typ(?:e|ed|ing)|draft(?:ed|ing)?|leav(?:e|ing)|left|finish(?:ed|ing)?|sign(?:ed|ing)?|working on|record(?:ed|ing)?|made|mak(?:e|ing)|compos(?:e|ing|ed)|prepar(?:e|ed|ing)|sent|send(?:ing)?|help me (?:with|write)|done with|sealed|have) (?:\w+ ){0,4}(?:suicide|goodbye|farewell|good ?bye|final|last) (?:\w+ )?(?:notes?|letters?|messages?|video|words|texts?|emails?|goodbyes?|post|voice ?(?:note|memo|mail))\b(?! (?:to (?:my )?(?:colleagues|coworkers|team|boss)|for (?:my |the )?(?:colleague|coworker|boss|teacher|team|retir\w+|job|office)|at work))",
    ),
    (
        "prep",
        "note is",
        r"\b(?:my|the|a) (?:suicide |goodbye |farewell )?(?:note|letters?|will)(?: \w+){0,2} (?:is|are|has been|have been) (?:\w+ )?(?:written|done|ready|finished|on (?:the|my) (?:table|desk|bed|fridge|pillow|counter|nightstand)|in (?:the|my) (?:drawer|desk|envelope)|signed|for (?:my )?(?:parents|mom|family))|\bmy (?:suicide|goodbye|farewell) (?:note|letter)|\bwr(?:ote|itten|iting|ite) (?:\w+ )?letters? to (?:everyone|my (?:family|parents|kids|children|loved)|each|all|everybody)",
    ),
    (
        "prep",
        "give away",
        r"\b(?:giv(?:e|ing|en)|gave) (?:away )?(?:all |most )?(?:of )?(?:my |the |everything |\w+ )?(?:\w+ ){0,3}(?:away|stuff away|things away)\b(?=.*\b(?:not need|no longer|won't need|anyway|any ?more|gone|soon|where i am going|last|goodbye|end|forever|die|without me|remember me|peace)|(?:.{0,6})$)|\b(?:giving|gave|given|give) away (?:all |most )?(?:of )?my (?:\w+ ){0,3}(?:things|stuff|belongings|possessions|everything|pets?|dog|cat|clothes|books|guitar|games|collection|savings|money|jewel\w+|records)\b|\b(?:not|never|no longer) (?:be )?need(?:ing)? (?:it|them|my (?:things|stuff)|any of it|these|this|anything) (?:any ?more|where i am going|soon|after (?:tonight|tomorrow|today|this)|much longer|when i am gone)|\b(?:you|they|he|she|someone) can have (?:\w+ )?(?:my|all my) (?:\w+ ){1,3}(?:when|after|once|if|now) (?:i am|i have|that i am) (?:gone|dead|left|not here|no longer)",
    ),
    (
        "prep",
        "last letter",
        r"\b(?:last|final|goodbye|farewell) (?:letters?|words|message|note) (?:to|for) my (?:\w+ )?(?:daughter|son|kids?|children|mom|mum|dad|parents?|wife|husband|family|mother|father|brother|sister|friends?)|\bleft this world\b|\b(?:suicide|kill myself)\b.{0,40}\b(?:insurance|payout|pays?)|\binsurance\b.{0,60}\bsuicide\b.{0,40}\b(?:mine|my|i |me)\b",
    ),
    (
        "prep",
        "affairs",
        r"\b(?:put(?:ting)?|get(?:ting)?|got|set(?:ting)?|sort(?:ing|ed)?|wrapp(?:ed|ing)|arrang(?:e|ing|ed)|settl(?:e|ing|ed)) (?:all )?(?:up )?(?:of )?my (?:final )?affairs(?: in order)?\b|\b(?:arrang|plan|organi[sz]|pick|choos)\w* (?:\w+ )?my (?:own )?(?:funeral|burial|cremation)|\b(?:who|someone|find a home|rehom\w+|arrang\w+|made sure|making sure|make sure|will you|please|promise me)\b.{0,40}\b(?:take care of|look after|feed|adopt|home for|cared for|fed|be okay|be fine|looked after) ?(?:my |the )?(?:\w+ )?(?:\w+ )?(?:when|after|once|if|because) i(?: am| will be| have| was)? (?:gone|dead|die|not here|no longer|not around|leave this|do it)|\b(?:life insurance)\b.{0,60}\b(?:suicide|kill|if i (?:die|died|end|kill|do it)|family (?:will|would) (?:be|get))|\bwrote (?:out )?my (?:passwords|will)\b(?=.{0,60}\b(?:gone|last|end|goodbye|ready|find|note|when i))|\bpasswords\b.{0,60}\bwhen i am (?:gone|dead)",
    ),
    (
        "goodbye",
        "goodbye",
        r"\b(?:this is|time to say|came to say|here to say|want(?:ed)? to say|saying|say|said|guess this is|my (?:final|last)|so) (?:\w+ ){0,3}(?:good ?bye|farewell)(?:s)?(?: to)?(?: everyone| forever| for good| world| all| my (?:family|friends|mom|parents)| cruel world| to (?:everyone|all|my|you all|life|this)| before i)\b|\bthis is (?:\w+ )?(?:good ?bye|farewell)\b|\bgood ?bye (?:\w+ )?(?:forever|cruel world|world|for good|everyone|for ever|life|earth|to (?:everyone|life|this world|the world|my life))\b(?! cup)|\bfarewell (?:world|everyone|forever|life)\b",
    ),
    (
        "goodbye",
        "by the time",
        r"\bby the time (?:you|anyone|they|someone|he|she|mom|my \w+) (?:\w+ )?(?:read|see|find|get|hear|wake|come|notice|open)\w*\b.{0,60}\b(?:gone|dead|over|late|not be|no longer|will be|be with|at peace|left|free|better)|\b(?:when|if) you (?:are )?(?:read(?:ing)?|find|get|see) this\b.{0,40}\b(?:gone|dead|too late|not be here|no longer|at peace|left this|be with)|\byou (?:will|'ll|would) (?:never|not) (?:hear from|see|be hearing from|have to (?:see|hear|worry about|deal with)) me (?:again|ever|any ?more)|\b(?:never|not) (?:\w+ )?see (?:you|me|them|each other|him|her|my (?:mom|mum|dad|family|kids)) again\b.{0,40}\b(?:love|sorry|goodbye|tell|forgive)|\b(?:won't|will not) be (?:around|here|alive|with you) (?:much longer|for (?:much )?long\w*|any ?more|to see|next|tomorrow|when|after|by)|\bgo(?:ing)? (?:away|somewhere) (?:forever|for good|where no one|where nobody|no one can|and (?:\w+ )?not coming back|and (?:i )?(?:will not|won't|am not|never) (?:be )?com(?:e|ing) back)|\bnot (?:be )?com(?:e|ing) back (?:this time|ever|from (?:this|there))|\btell (?:my |them |him |her |everyone )(?:\w+ ){0,4}(?:i )?(?:\w+ )?(?:loved?|sorry|was sorry)\b.{0,40}\b(?:gone|goodbye|not be|when i|after i|dead|last|find me|okay|do not|please|forgive)|\b(?:please )?tell (?:my |everyone |them )(?:\w+ ){0,3}(?:that )?i (?:\w+ )?(?:loved? (?:them|him|her)|am sorry|was sorry)(?: \w+)?\W*$|\b(?:thank you|thanks) for (?:everything|trying|being (?:there|here|kind|nice)|listening)\b.{0,50}\b(?:good ?bye|can not go on|not be (?:here|around)|gone|end|over now|won't (?:be )?need|the only one|last (?:time|message)|peace)|\bforgive me\b.{0,60}\b(?:gone|can not|not strong|going to do|leav|end|must|goodbye|by the time|have to go)|\b(?:remember me|do not (?:cry|be sad|mourn|blame yourself|miss me|look for me))\b.{0,50}\b(?:gone|dead|when i|after|fault|better|peace|goodbye|love)|\bit is (?:no one|nobody|not your|not anyone|not my \w+)(?:'s| is)? fault\b.{0,60}\b(?:gone|can not|end|do this|do it|goodbye|decid\w+|tired|chose|my choice)|\bi (?:have )?made (?:my )?peace with (?:it|death|dying|leaving|everyone|my decision|the end)|\bsee you (?:all |guys )?(?:on the other side|in (?:the next life|another life|heaven|hell))",
    ),
    # --- under way, at hand
    (
        "attempt_now",
        "took",
        r"\bi (?:have |had |just |already |went and |did )*(?:took|taken|swallowed|downed|ate|drank|ingested|popped|finished|emptied|chugged|washed down|mixed)(?: down| up)? (?:\w+ ){0,3}?(?:all|whole|entire|full|bottle|handfuls?|bunch|too many|everything|\d{2,}|twenty|thirty|forty|fifty|sixty|hundred|lots|a lot|the rest|boxe?s?|packs?|packets?|tons?|too much|load|every|overdose|strips?|like \d+)(?: \w+){0,5} (?:{PILLS}|bottle|overdose|box|packet)\b|\bi (?:have |had |just |already )*(?:took|taken|swallowed) (?:an|the|my) overdose\b",
    ),
    (
        "attempt_hint",
        "took some",
        r"\bi (?:have |had |just |already |went and |did )*(?:took|taken|swallowed|downed|drank|ingested|popped|finished|emptied|chugged)(?: down| up)? (?:\w+ ){0,4}?(?:{PILLS}|them all|all of them|it all|everything|bottle)\b",
    ),
    (
        "attempt_hint",
        "bleeding",
        r"\bi (?:am|have|just|already|keep|was|started|did|can not stop)(?: \w+){0,3} (?:bleeding|losing blood|blood everywhere)\b(?! (?:nose|gums|my nose))|\b(?:blood|bleeding) (?:is |are )?(?:everywhere|all over|won't stop|will not stop|not stopping|a lot|so much)\b",
    ),
    (
        "attempt_now",
        "cut wrists",
        r"\bi (?:have |just |already )*(?:cut|slit|slashed|sliced|opened) (?:\w+ )?(?:my|both)? ?(?:\w+ )?(?:wrists?|veins?|throat|arter\w+|neck)\b",
    ),
    (
        "place_here",
        "on the edge",
        r"\b(?:i am|am|i'm|sitting|standing|stood|stand|sit|hanging|here|currently|now|me|already|at|up|am at|walking|walked|driving|drove|climbed|climbing|on my way|heading|went|parked|waiting)(?: \w+){0,4} (?:on|at|to|near|over|by|onto|up|off|from|outside|inside|of)(?: \w+){0,4} (?:ledge|edge of|railing|bridge|roof|rooftop|train tracks|railway|rail tracks|tracks|overpass|cliff|parapet|wrong side of|window ?sill|balcony rail|platform edge|guard ?rail|top of (?:a|the|my) (?:building|car park|parking|tower|bridge))\b",
    ),
    (
        "attempt_now",
        "neck head",
        r"\b(?:rope|noose|belt|cord|bag|plastic bag|knife|blade|razor|gun|pistol|barrel|scissors|wire|scarf) (?:is |are |it is |'s )?(?:\w+ )?(?:tied|around|round|at|against|to|on|over|in|pressed|pointed) (?:\w+ )?(?:my|it to my|to my) (?:own )?(?:neck|head|throat|temple|wrists?|mouth|hand|lap|chest|arm|skin|vein)\b|\b(?:hold(?:ing)?|have|got|with|loaded|cocked|pressing|pointing|put) (?:a|the|my|this|dad's)? ?(?:loaded )?(?:\w+ )?(?:gun|knife|razor|blade|pistol|revolver|rifle|shotgun|pills|rope|noose|bottle of (?:\w+ )?pills)(?: \w+){0,3} (?:in|to|against|at|on) (?:my|to my) (?:\w+ )?(?:hands?|head|lap|neck|throat|mouth|wrists?|temple|chest|arm)",
    ),
    (
        "attempt_hint",
        "started",
        r"\b(?:i|it) (?:have |has )?(?:already|just|now|did|finally|began|begun)? ?(?:started|did it|done it|took the (?:first|overdose)|tied the (?:rope|noose)|turned on the (?:gas|car|engine)|lit the charcoal|sealed (?:the|my) (?:room|windows|door|car)|kicked|overdosed|jumped|hung myself|hanged myself|cut too deep|poisoned myself|drank (?:the )?(?:bleach|poison|antifreeze|pesticide))\b(?=.*\b(?:pills|gas|rope|noose|overdos\w+|bleed\w*|deep|fading|sleepy|dizzy|die|dying|goodbye|too late|over soon|numb|charcoal|room|blood|bleach|poison|antifreeze|pesticide|engine|window|chair)\b)|\bi (?:have |just |already )*overdosed\b(?! (?:on (?:sugar|chocolate|netflix|coffee|caffeine|candy|cuteness|turkey|carbs|tv|cake|pizza)|last|in \d|years|when|\d+ years))|\bi am (?:overdosing|dying now|slipping away|fading away|about to jump|about to pull|going to jump now|getting sleepy from|feeling the pills|about to swallow|about to take (?:them|all|the)|about to do it|doing it (?:now|right now|tonight))|\b(?:pills|they) (?:are|is) (?:\w+ )?(?:kicking in|starting to work|working|in me|inside me)|\bit (?:will|is going to|'ll) be over (?:soon|in (?:a|an|\d+|minutes|few|ten|five)|tonight|by (?:morning|tonight|tomorrow))|\b(?:goodbye|sorry|love you).{0,30}\b(?:pills are|already taken|it is done|too late now)",
    ),
    (
        "means_here",
        "at hand",
        r"\b{MEANS}(?: (?:is|are|right|all|sitting|lying|lined|lies|laid|ready|hidden|here|out|already|that i|i|have|been|saved|bought|in))* (?:\w+ )?(?:in front of me|next to me|beside me|with me|in my (?:hands?|lap|drawer|room|bag|car|closet|pocket|backpack|nightstand|desk|bathroom|purse|house)|on (?:the|my) (?:table|bed|desk|counter|floor|nightstand|lap)|by my (?:side|bed)|right here|ready|at hand|under my (?:bed|pillow|mattress)|within reach|loaded|prepared|set up|in (?:the|my) (?:garage|closet|attic|cabinet|glovebox|house|home|trunk|basement))\b",
    ),
    (
        "means_here",
        "have means",
        r"\bi (?:\w+ )?(?:have|got|'ve|own|keep|hold|holding|bought|found|collected|saved|grabbed|am holding|am looking at|am staring at|stare at|look(?:ing)? at|staring at|can get|have access to|took out|counted|laid out|lined up)(?: \w+){0,5} (?:{PILLS}|{BLADE}|{GUN}|rope|noose|everything i need|all i need|what i need|bottle of \w+)\b",
    ),
    (
        "means_here",
        "it is ready",
        r"\b(?:rope|noose|gun|pills|everything|it|bottle|letter|note|bath|car|garage|all)(?: \w+){0,2} (?:is|are) (?:\w+ )?(?:ready|tied|loaded|prepared|set|set up|hung|hanging|waiting for me|counted|laid out|lined up)\b",
    ),
    (
        "time_now",
        "soon",
        r"\b{SOONER}\b|\bat (?:\d{1,2}(?::\d\d)?|midnight|noon|dawn)(?: ?(?:am|pm|o'clock|sharp))?\b|\b(?:once|after|as soon as|when) (?:i (?:finish|am done|send|get|have finished|put|hang up|hit)|this (?:chat|message|song|cigarette|drink|conversation|call|beer)|my (?:\w+ )?(?:leaves?|goes|gets?|falls?|is (?:gone|asleep|out))|everyone|they (?:leave|go|are)|she (?:leaves|goes|is)|he (?:leaves|goes|is))|\bbefore (?:my (?:\w+ ){1,2}(?:gets?|wakes?|comes?|is|returns?)|anyone|he|she|they|everyone|the kids)\b|\bmy last (?:night|day|evening|hours?)\b|\bin (?:a|one) (?:moment|bit|minute|second)\b|\b(?:few|couple of|five|ten|\d+) (?:minutes|hours) (?:left|from now)\b",
    ),
    (
        "intent",
        "decided",
        r"\bi (?:am|have|will|'ll|'m|was|had)? ?(?:going to|will|about to|decided|ready to|made up my mind|made my (?:decision|choice)|plan(?:ning)? (?:to|on)|intend(?:ing)? to|determined|not changing my mind|can not be stopped|want to|need to|have to|set on|committed to|doing it|do it)\b|\b(?:gonna|going to|will|decided|time to|no (?:one|body) can stop me|mind is made up|no turning back|no going back|nothing (?:can|will) (?:change|stop))\b",
    ),
    (
        "do_ref",
        "do it ref",
        r"\b(?:do(?:ing)?|going through with|carry(?:ing)? out|go through with|get(?:ting)? it over with|get it done|finish|end(?:ing)?|try(?:ing)?) (?:it|this|that|everything|my plan|the plan)\b",
    ),
    # --- self-injury
    (
        "self_injury",
        "hurt self",
        r"\b(?:hurt(?:ing|s)?|cut(?:ting|s)?|harm(?:ing|ed|s)?|burn(?:ing|ed|s)?|scratch(?:ing|ed)?|punish(?:ing|ed)?|injur(?:e|ing|ed)|hit(?:ting)?|bit(?:e|ing)|starv(?:e|ing|ed)|carv(?:e|ing|ed)|slic(?:e|ing|ed)|bruis(?:e|ing|ed)|punch(?:ing|ed)?|mutilat(?:e|ing|ed)) (?:up )?myself\b(?! (?:some|a (?:slice|piece|break|cup)|shaving|off from|trying|playing|when i (?:fell|tripped)|at (?:the gym|work|football|practice|training)|on (?:a|the|my) (?:knife|pan|stove|oven|paper|door|edge|glass|can|iron)|while (?:cooking|shaving|playing|running|chopping|peeling|making)|(?:cooking|running|skiing|lifting|playing)|by accident|accidentally|out of|slack|loose|off|in (?:the )?(?:kitchen|gym|half)|for (?:eating|the))|,? (?:some slack|short))",
    ),
    (
        "self_injury",
        "self harm",
        r"\bself[ -]?(?:harm|injur|mutilat)\w*|\b(?:relaps\w+|clean (?:from|of) (?:self|cutting))|\bcut(?:ting)? (?:my|up my|on my|into my) (?:arms?|thighs?|legs?|skin|body|flesh|own)|\bcuts (?:on|all over|up) my (?:arms?|thighs?|legs?|wrists?)|\b(?:i|started|been|keep|was|am|back to|stop) cutting(?: again|\W*$)|\bburn(?:ed|t|ing)? my (?:arm|skin|thigh)s?(?: with)? (?:on purpose|with (?:a )?(?:cigarette|lighter))",
    ),
    # --- hopelessness, burden, escape
    (
        "hopeless",
        "hopeless",
        r"\b(?:hopeless|no hope|lost (?:all )?hope|without hope|given up (?:all )?(?:on )?(?:hope|life|everything|myself|on everything|trying)|gave up on (?:life|myself|everything)|giving up on (?:life|myself|everything)|give up on (?:life|myself|everything)|no future|not have a future|not see (?:a|any) (?:future|way (?:out|forward)|light|point in anything)|nothing (?:will|is ever going to|'ll) (?:ever )?(?:get better|change|help)|never (?:going to )?(?:get|be) (?:better|okay|happy(?: again)?|normal)|no way out|no escape|no point(?: in (?:anything|trying|going on|it|continuing|any of))?(?: any ?more)?|no (?:meaning|purpose)(?: in (?:anything|my life))?|what is the point(?: of (?:anything|it all|any of|all this|trying|even trying|going on|this|everything))?(?: any ?more)?\W*$|what is the point of (?:anything|it all|any of|all this|trying|going on|everything)|everything is (?:pointless|meaningless|hopeless|over|ruined|falling apart|dark|too much|black)|nothing (?:matters|helps|works|makes sense)(?: any ?more)?|no light at the end|despair(?:ing)?|trapped|it is (?:all )?over for me|beyond (?:help|saving)|life is (?:pointless|meaningless|hopeless|over|unbearable|empty|miserable|too hard))\b(?! (?:in (?:a )?(?:meeting|traffic|elevator)|crush|romantic|with directions|arguing|crying over|at (?:math|maths|cooking|parking|sports|chess|golf)))",
    ),
    (
        "hopeless",
        "cannot go on",
        r"\b(?:can not|could not|do not know how (?:to|i can)|do not (?:think|know if) i can|not (?:able|strong enough) to|unable to|no longer) (?:\w+ )?(?:take|do|handle|bear|stand|cope(?: with)?|go on|carry on|keep going|keep doing|continue|live|endure|survive|face|deal with|keep (?:fighting|living|pretending|trying)|hold on|hang on|fight) ?(?:it|this|this life|life|anything|another day|one more day|tomorrow|the pain|on|with (?:it|this|life|anything))? ?(?:all )?{NOMORE}|\b(?:can not|could not) (?:\w+ )?(?:go on|carry on|keep living|live like this|live with (?:myself|this|the)|keep going|continue like this|keep fighting|face another day|go on like this|bear (?:it|this|living|to)|do (?:this|it|life)$)|\bi (?:give up|am giving up|gave up|have given up)\W*$|\bi am (?:\w+ )?(?:done|finished|through)(?: with (?:everything|it all|this world|people|all of (?:it|this)|trying|fighting|living))?\W*$|\b(?:end of my rope|breaking point|at my (?:limit|breaking|wit)|can not breathe any ?more|reached my limit|falling apart|breaking down every|drowning in (?:sadness|pain|despair|darkness)|too much to (?:bear|live with)|pain (?:is|has become|never|will never|won't) (?:\w+ )?(?:too much|unbearable|stop\w*|end\w*|go away)|want (?:the|this|my|all the) (?:pain|suffering|hurt|noise|hurting) to (?:stop|end|be over|go away)|want (?:it|everything|it all) to (?:stop|end|be over|just stop|go away)|make (?:the pain|it all) stop)\b",
    ),
    (
        "hopeless",
        "numb",
        r"\b(?:feel|feeling|felt|am|been|so) (?:\w+ )?(?:empty|numb|dead inside|nothing|hollow|broken|lost) (?:inside|all the time|every day|for (?:weeks|months|years|so long|a long time)|and (?:alone|hopeless|worthless|empty|tired|numb)|any ?more)|\bdepressed (?:for (?:weeks|months|years|so long|a long|as long)|every|all|since|and (?:can not|hopeless|alone|tired|empty|numb|do not|everything|nothing))|\b(?:severe|deep|crippling|constant|crushing|major|worst) depression|\b(?:cry|crying|cried) (?:myself to sleep|every (?:night|day)|all (?:night|day|the time))|\bnothing (?:brings|gives) me (?:joy|pleasure)|\bi (?:do not|can not) feel anything",
    ),
    (
        "burden",
        "burden",
        r"\b(?:i am|am|i'm|being|feel like|i was|i become|becoming|become|such|nothing but|only|just|feel|myself as|i will be|always be|be|am nothing but) (?:\w+ ){0,3}(?:a |an )?(?:\w+ )?(?:burden|waste of (?:space|oxygen|air|life|time|skin)|dead weight|worthless|useless|failure at (?:life|everything)|complete failure|total failure|piece of (?:trash|garbage|shit)|nothing to (?:anyone|nobody)|unwanted|unlovable|not wanted|mistake|disappointment to (?:everyone|my)|in everyone's way|in the way)\b(?! (?:of|at (?:math|maths|cooking|parking|sports|chess|excel|drawing|golf)|fruit))|\bburden (?:on|to|for) (?:everyone|my|you|them|him|her|people|the family|society|others)|\b(?:hate|loathe|despise) (?:myself|my life|who i am|everything about (?:me|myself)|being me)\b|\bno one (?:\w+ )?(?:would|will|cares?|loves?|wants?|needs?|likes?|to|is there|understands|notices|even)(?: \w+){0,4} (?:miss(?:es)? me|notice|cares?(?: about me| if)?|me|i am gone|if i)\b|\bno one (?:\w+ )?(?:cares|would care|would notice|would miss me|loves me|needs me|wants me)|\bi (?:do not|don't) (?:matter|belong anywhere|deserve (?:love|happiness|to be happy|anything good|help|to (?:eat|breathe)))|\bi (?:ruin|ruined|destroy|mess up) everything (?:for everyone|i touch)|\b(?:completely|utterly|so|totally|all) alone (?:in (?:the|this) world|and|with no one|forever)|\bi have no one\b|\ball alone\W*$",
    ),
    (
        "escape",
        "escape",
        r"\b(?:want|need|wish|have) (?:i could )?(?:to )?(?:escape|run away|get away|disappear|hide|vanish)(?: from)? (?:everything|it all|my life|all of (?:this|it)|this life|everyone|myself|my (?:mind|head|thoughts|own))\b|\bwish (?:i|it|everything) (?:could|would) (?:\w+ )?(?:disappear|vanish|stop|end|be over)|\bno longer want to (?:feel|be)|\bstop feeling(?: anything| everything)?\W*$|\b(?:overwhelm\w+|can not cope|falling apart|breaking)\b.{0,50}\b(?:escape|get away|disappear|run away|give up|stop)\b",
    ),
    # --- others
    (
        "harm_others",
        "kill them",
        r"\b(?:i|we|gonna|going to|will|want to|plan to|would) (?:\w+ )?(?:kill|shoot|stab|murder|strangle|hurt|attack|shoot up|poison|beat) (?:\w+ )?(?:him|her|them|everyone|my (?:\w+ )?(?:wife|husband|boss|ex|mom|mum|dad|father|mother|brother|sister|classmates?|teacher|girlfriend|boyfriend|family|roommate|neighbou?r|coworkers?|kids|children|baby|parents|stepdad|stepfather)|people|those people|someone|somebody|the school|my school|all of them)\b",
    ),
    (
        "voices",
        "voices",
        r"\b(?:voices?|demons?|the tv|the radio|god|satan|the devil|something in my head|my head)(?: in my head)?(?: \w+){0,3} (?:tell(?:s|ing)?|told|say(?:s|ing)?|said|want(?:s|ing)?|command(?:s|ing)?|order(?:s|ing)?|scream(?:s|ing)?|whisper(?:s|ing)?|ask(?:s|ing)?|keep|urge|push)(?: \w+){0,6} (?:kill|die|jump|hurt|end|cut|harm|dead|do it|burn)\b|\b(?:hear|hearing|heard) (?:\w+ )?voices\b",
    ),
    (
        "abuse",
        "abuse",
        r"\b(?:he|she|my (?:\w+ )?(?:dad|father|stepdad|stepfather|mom|mother|uncle|husband|wife|boyfriend|girlfriend|ex|partner|brother|coach|teacher|boss|parents?)|they) (?:\w+ ){0,2}(?:hits?|beats?|beat|hit|rap(?:es?|ed)|abus(?:es?|ed|ing)|molest\w*|chok(?:es?|ed)|touch(?:es|ed) me|punch(?:es|ed)|threatens? (?:me|to kill)|burn(?:s|ed)|kick(?:s|ed)|hurts?|locks? me|forces? me) ?(?:me|on me|us)?\b|\b(?:i was|been|got|being|am) (?:\w+ )?(?:raped|abused|molested|sexually (?:assaulted|abused)|assaulted|beaten)\b",
    ),
    (
        "told_to",
        "told to die",
        r"\b(?:tell|tells|told|telling|said|says|saying|texted|wrote|comment\w*|scream\w*|yell\w*|asked|dared|message\w*|want|wants|wanted|bully\w*)(?: to)? (?:me to|me i should|me that i should|i should|that i should|i need to|i deserve to|me they wish i would|to go|me|that i must) (?:go (?:and )?)?(?:\w+ )?(?:kill (?:myself|yourself)|die|end (?:it|my life)|jump|drop dead|off myself|hang myself)\b|\bkill yourself\b",
    ),
    (
        "agree",
        "they are right",
        r"\b(?:they are|they're|she is|he is|everyone is|maybe they are) (?:all )?right\b|\bi (?:agree|believe (?:them|him|her|it)|should (?:listen|do it)|want to (?:do (?:it|that)|listen|obey))\b|\bmaybe i should\b",
    ),
    (
        "past_attempt",
        "tried",
        r"\b(?:tried|attempted|tries) (?:to )?(?:\w+ )?(?:kill(?:ing)? myself|suicide|end (?:it|my life|everything)|take my (?:own )?life|overdose|hang myself|die|jump|od)\b|\b(?:my|last|previous|first|second|failed|past|an?|another|suicide) (?:\w+ )?(?:suicide )?attempts?\b(?=.{0,60}\b(?:i|me|my|hospital|ago|again|survived|year|week|month)\b)|\b(?:survived|woke up (?:in|after)) (?:\w+ ){0,3}(?:suicide|overdose|hospital after|attempt)|\bi (?:\w+ )?(?:overdosed|attempted|od ?ed|jumped) (?:\w+ ){0,6}(?:ago|last|in \d{4}|when i was|before|once|twice|this (?:year|month|week)|yesterday)",
    ),
    ("psych", "diagnosis", r"\b(?:psych ward|mental hospital|bpd|bipolar|schizo\w+)\b"),
    (
        "drunk",
        "drunk",
        r"\b(?:i am|am|been|got|getting|so|i have been|i) (?:\w+ )?(?:drunk|wasted|hammered|high|drinking|stoned|plastered|tipsy|intoxicated|on (?:coke|meth|drugs|something)|had (?:\w+ ){0,3}(?:drinks|beers|vodka|whiskey|wine|shots|bottles?))\b(?! (?:school|score|hopes|enough|water|coffee|tea|more water|on (?:life|the mountain)))|\b(?:bottle of (?:vodka|whiskey|whisky|wine|rum|gin)|vodka|whiskey)\b",
    ),
    (
        "minor",
        "minor",
        r"\bi (?:am|'m|turn(?:ed)?|just turned) (?:only |just |a |like )?(?:8|9|1[0-7]|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)(?: ?(?:years?(?: |-)old|yo|y/o|yr old|and|\W*$|,|\.|f\b|m\b))|\bas a (?:1[0-7]|\w+teen)[ -]years?[ -]old\b|\bi am (?:a minor|underage|a kid|in (?:middle school|elementary|junior high|high school|[5-9]th grade|1[0-2]th grade|year (?:[5-9]|1[0-2])))|\b(?:1[0-7]|[89])[ -]?(?:yo|y/o|year[ -]old)\b(?=.{0,30}\b(?:me|i|girl|boy|here)\b)|\bmy (?:middle|high) school\b",
    ),
    # --- questions about means and places
    (
        "method_query",
        "how many pills",
        r"\b(?:how many|how much|what (?:dose|amount|dosage|quantity|number)|which (?:\w+ )?|what (?:\w+ )?|is (?:\d+|it|a \w+)|are|would|will|can|could|does|do)(?: \w+){0,6} (?:{PILLS}|acetaminophen|alcohol|caffeine|helium|carbon monoxide|charcoal|dose|blood|substance|mg|milligrams?)(?: \w+){0,8} (?:to die|to kill|lethal|fatal|deadly|kill (?:me|you|someone|a person|an adult)|not wake up|to overdose|an overdose|overdose|too (?:many|much)|death|stop (?:your|my|the) heart|never wake|to end|to (?:be )?(?:sure|enough))|\b(?:lethal|fatal|deadly|toxic) (?:dose|amount|dosage|quantity|limit|level|combination|mix)\w*\b|\b(?:overdose) (?:on|amount|of) .{0,40}\b(?:how|what|painful|long)\b|\bhow (?:long|painful|much|fast|quick)(?: \w+){0,8} (?:to die|to bleed out|bleed out|to hang|hanging take|drown(?:ing)? take|overdose take|to suffocate|to drown|hurt to die|dying|death by|suicide|overdose|to kick in|unconscious)\b",
    ),
    (
        "method_query",
        "ways to die",
        r"\b(?:painless|quick|quickest|easiest|fastest|least painful|most painless|pain[ -]?free|best|peaceful|surest|cleanest|effective|reliable|foolproof|gentlest|most (?:effective|peaceful|reliable|certain))(?: \w+){0,4} (?:way|ways|method|methods|means|drug|poison|pill|death|suicide|place|exit)(?: \w+){0,5} (?:die|dying|to go|suicide|kill(?:ing)?(?: myself| yourself| oneself)?|end (?:it|your|my|one's|a)|death|not wake up|leave this|jump|to pass|exit)\b|\b(?:painless|peaceful|quick|easy) (?:death|suicide|dying|exit)\b|\bsuicide (?:methods?|means|techniques?|options|pills?|bridge|spots?|forest|kit|pod)\b(?! (?:squad|prevention|reduction|rates?))|\b(?:how|way|ways|where|steps|instructions|tell me how|teach me how|show me how|guide)(?: \w+){0,3} to (?:\w+ )?(?:kill (?:myself|yourself|oneself|one's self)|hang (?:myself|yourself|oneself)|commit suicide|die (?:painless\w*|quick\w*|peaceful\w*|fast|without pain|in (?:my|your) sleep|easily|instantly)|overdose|end (?:my|your|one's) (?:own )?life|tie a noose|slit (?:my|your) wrists|cut (?:my|your) wrists|drown (?:myself|yourself)|make (?:myself|your heart|my heart) (?:stop|not wake)|stop (?:my|your) heart)\b",
    ),
    (
        "method_query",
        "does it hurt",
        r"\b(?:does|do|will|would|is|how)(?: \w+){0,4} (?:hang(?:ing)?|drown(?:ing)?|jump(?:ing)?|overdos(?:e|ing)|bleed(?:ing)? out|dying|cutting (?:your|my) wrists|carbon monoxide|suffocation|freezing to death|shooting (?:myself|yourself))(?: \w+){0,4} (?:hurt|painful|pain|quick|fast|long|peaceful|work|feel|certain|easy)\b|\bis (?:it|death|dying|hanging|drowning) (?:\w+ )?(?:painful|quick|peaceful|painless)\b(?=.{0,20}\b(?:die|dying|hang|drown|overdose|death|jump)?)",
    ),
    (
        "place_query",
        "high places",
        r"\b(?:which|what|where|how|any|are there|list|name|show|find|tallest|highest|nearest|closest|is there|tell me)(?: \w+){0,9} (?:bridges?|rooftops?|tall(?:est)? buildings?|cliffs?|overpass\w*|high places|train tracks|railway crossings?|rail crossings?|parking garages?|platforms?|viaducts?|skyscrapers?|roofs?|dams?|multi ?storey car parks?)\b|\b(?:how (?:high|tall|deep|far|cold|fast))(?: \w+){0,6} (?:bridge|building|roof|fall|drop|jump|cliff|river|water|train|trains|floor|storey|stories)\b|\b(?:bridges?|buildings?|roofs?|cliffs?)\b.{0,30}\b(?:taller|higher|more) than|\b(?:what time|when) (?:does|do|is|are) the (?:next |last |express |fast )?(?:trains?)\b",
    ),
    (
        "place_query",
        "mix",
        r"\b(?:which|what)(?: \w+){0,3} (?:medications?|drugs?|pills|substances|combinations?|meds|chemicals)(?: \w+){0,4} (?:deadly|dangerous|lethal|fatal|kill|toxic|together|interact)\b|\b(?:dose|amount|much)(?: \w+){0,4} kills?\b|\b(?:last|next|express|first|night) trains?\b(?=.{0,20}\b(?:go|pass|come|through|leave|run)\w*)|\bwhich floor\b|\b(?:fall|jump) from\b.{0,30}\b(?:die|sure|dead|survive)|\b(?:is|are) (?:carbon monoxide|drowning|hanging|overdos\w+|freezing|suffocation|bleeding out) (?:\w+ )?(?:pain\w*|quick|peaceful|easy|fast)|\b(?:parking garages?|rooftops?|roofs?)(?: \w+){0,4} (?:open|access|unlocked|around)|\bopen rooftops?",
    ),
    (
        "place_query",
        "means shop",
        r"\b(?:where|how|can|could|is it|do i|what)(?: \w+){0,6} (?:buy|get|obtain|order|purchase|find|own|rent)(?: \w+){0,4} (?:gun|handgun|rope|sleeping pills|poison|razor ?blades?|helium|charcoal|firearm|pistol|pesticide|insulin|shotgun|cyanide|nitrogen|benzos|xanax|fentanyl)\b|\b(?:strongest|how (?:strong|thick)) (?:\w+ ){0,3}(?:rope|beam|knot)|\bmax(?:imum)? (?:dose|dosage)|\bhow many (?:\w+ ){0,2}(?:pills|tablets|tylenol|ibuprofen|sleeping pills|paracetamol|xanax|painkillers|mg)(?: \w+){0,4} (?:take|safe|at once|in one|can|too)|\bwhat happens if (?:you|i|someone) (?:take|takes|swallow|mix|drink|overdose)\b|\b(?:life insurance)\b.{0,40}\bsuicide|\bcan (?:you|a person|someone) survive\b.{0,40}\b(?:fall|jump|overdose|floor|bridge|pills)",
    ),
    # --- plain distress: not a risk of its own, but it colours a later question about means
    (
        "distress",
        "sad",
        r"\b(?:depress\w*|miserable|so sad|sad|heartbroken|devastated|lonely|crying|cry|anxious|anxiety|panic|exhausted|overwhelmed|burn(?:ed|t) out|grie(?:f|ving)|broken|suffering|ashamed|humiliated|desperate|in pain|so much pain|awful|terrible|horrible|the worst|hate (?:my )?(?:life|myself|everything)|lost (?:my|his|her|our) (?:job|wife|husband|mom|mum|dad|mother|father|son|daughter|child|baby|house|home|partner|girlfriend|boyfriend|friend|everything|dog|cat)|(?:got|was|been|just got) (?:fired|dumped|laid off|evicted|expelled|rejected|divorced|diagnosed)|(?:left|leaving|dumped|divorc\w+|cheated on|broke up with) me|broke up|divorce|bankrupt|in debt|debts?|failed (?:my|the|all|everything|out)|bullied|bully\w*|not (?:ok|okay|doing well|doing good|feeling (?:well|good))|falling apart|struggling|can not sleep|not slept|no friends|passed away|funeral|terminal|cancer|nobody|unbearable|hurts so much|bad day|rough (?:week|day|time)|hard time|low|down lately|messed up)\b",
    ),
    # --- idioms of giving a reason
    (
        "projection",
        "friend",
        r"\b(?:asking|question|asks?) (?:this )?for a friend\b|\b(?:a )?friend of mine (?:wants|wanted|would like|asked|is asking|wonders)(?: \w+)? to know\b|\bhypothetical(?:ly)?\b|\bjust (?:curious|wondering)\b|\bout of curiosity\b|\bfor a friend\b",
    ),
    # --- wide nets: what the rules above say exactly, said in other ways
    ("suicide_net", "suicide", r"\bsuicid(?:e|al|ality)\b"),
    (
        "die_net",
        "i die",
        r"\bi (?:(?!(?:he|she|they|you|it|who|died)\b)\w+ ){0,6}(?:die|dead|dying|death)\b|\bmy (?:own )?(?:death|funeral|grave|corpse|coffin|dead body)\b",
    ),
    (
        "self_kill",
        "own death",
        r"\b(?:plan\w*|arrang\w+|prepar\w+|schedul\w+|rehears\w+|organi[sz]\w+|choos\w+|orchestrat\w+) (?:for )?(?:\w+ )?my (?:own )?(?:death|suicide|end|exit|demise|passing)\b",
    ),
    (
        "self_kill",
        "will be dead",
        r"\bi (?:will|am going to|would|'ll|shall|should|could|might) (?:\w+ )?be (?:dead|no more|a corpse|in the ground|lifeless|hanging)\b",
    ),
    (
        "self_kill",
        "noun myself",
        r"\b(?:gun|knife|rope|blade|pills?) myself\b|\bdo(?:ing)? (?:something|it|anything) to myself\b|\b(?:use|used|using|turn|turning) (?:it|this|the gun|the knife|one|them|the rope) on myself\b|\bact(?:ing)? on (?:it|my (?:thoughts|urges|plan)|these (?:thoughts|urges)|the (?:thoughts|urges))",
    ),
    (
        "self_kill",
        "make it happen",
        r"\b(?:deserve to die|want to die|should die|wish i was dead|better off dead|need to die|have to die)\b.{0,60}\b(?:make (?:it|that) happen|do it|carry it out|go through with|do something about it|make it real|act on)",
    ),
    (
        "method_self",
        "rope or pills",
        r"\b(?:between|decid\w+|choos\w+|whether|either|considering|thinking|debating|torn|prefer|probably|maybe|would|use|using|with) (?:\w+ ){0,4}{MEANS}(?:,| or| and| versus| vs) (?:a |the |some |my )?(?:{MEANS}|jumping|hanging|drowning|bridge|train|overdose)\b|\b(?:jumping|hanging|drowning|overdos\w+|pills) or (?:jumping|hanging|drowning|overdos\w+|pills|a rope|a gun)\b|\b(?:i would|how i would|how i will|probably|i will|i am going to|i'd) (?:\w+ ){0,3}(?:use|do it with|with|by|take) (?:a |my |the |some )?(?:{PILLS}|{GUN}|{ROPE}|{BLADE})\b",
    ),
    (
        "plan",
        "how I would",
        r"\b(?:think\w*|thought|know|knows|imagin\w*|pictur\w*|plan\w*|figur\w*|research\w*|work\w* out|decid\w*|looked into|google\w*|wonder\w*) (?:\w+ ){0,3}how i (?:would|will|could|might|am going to|'d) (?:\w+ )?(?:do it|go|die|end|make it|kill)\b|\bi (?:\w+ )?(?:a way out|found (?:a|my|the) way out|have (?:a|my) way out|have (?:an|my) exit|an exit (?:plan|strategy))\b|\bi (?:have )?(?:\w+ )?(?:picked|chosen|chose|found|scouted|decided on|settled on|selected) (?:out )?(?:a|the|my|which) (?:\w+ )?(?:bridge|spot|date|day|roof|building|method|tree|place|tracks|way to go|way out)\b",
    ),
    (
        "jump",
        "jump",
        r"\b(?:going to|about to|ready to|want to|will|gonna|let myself|have to|tempted to|just|urge to|could) (?:jump|fall|let go|step off|lean forward)\b(?! (?:in\b|on\b|into|rope|ahead|straight|to |for joy|at|through|around|up|over to|ship|start|back|between|scare|asleep|in love|behind|apart|for))|\bjump(?:ing)? (?:now|tonight|today)\b|\bone (?:more )?step (?:and|forward|away)",
    ),
    (
        "place_strong",
        "edge",
        r"\b(?:i am|i'm|am|sitting|standing|stood|stand|sit|hanging|lying|lay|kneeling|perched|balancing|climbed|stepped|waiting)(?: \w+){0,3} (?:on|at|to|near|over|by|onto|off|outside|out on|beside)(?: \w+){0,3} (?:ledge|edge|railing|parapet|wrong side|other side of the (?:rail\w*|fence|barrier)|window ?sill|tracks|rails|rooftop|roof|overpass|cliff|barrier|platform edge)\b(?! (?:of (?:my|the) (?:bed|seat|chair|couch|sofa|table|desk|world|pool|breakdown|tears|town|city|something|a breakthrough|glory|history)))",
    ),
    (
        "attempt_now",
        "noose",
        r"\b(?:i |^\W*|and |have )(?:tied|made|hung|set up|put|got|have|placed|slipped) (?:up )?(?:the|a|my|this) (?:\w+ )?noose\b|\bnoose (?:is )?(?:up|tied|ready|hanging|set)|\b(?:car|engine) (?:is |was )?(?:\w+ )?(?:running|on|idling)\b.{0,40}\b(?:garage|closed|shut|hose|fumes)|\bgarage\b.{0,40}\b(?:car|engine) (?:is )?(?:running|on)|\b(?:drank|drunk|swallowed|took|gulped|downed|chugged) (?:\w+ ){0,4}(?:bleach|antifreeze|poison|pesticides?|weed ?killer|drain cleaner|rat poison|insecticide)\b|\b(?:pills|meds|tablets)\b.{0,60}\b(?:sleepy|drowsy|fading|dizzy|numb|kicking in|slipping)\b|\b(?:feeling|getting|so) (?:sleepy|drowsy|dizzy|numb)\b.{0,30}\b(?:pills|overdose|goodbye)|\bcharcoal\b.{0,30}\b(?:lit|burning|lighted)\b.{0,30}\b(?:room|car|door|window|sealed|bathroom|tent)|\b(?:kicked|kicking) (?:away )?the (?:chair|stool)\b|\b(?:hanged|hung|stabbed|shot|poisoned) myself\b",
    ),
    (
        "attempt_hint",
        "took elided",
        r"(?:^|[.!?,;] ?|\band )\W*(?:took|swallowed|downed|popped|finished|ate|had taken) (?:\w+ ){0,4}?(?:{PILLS}|them all|all of them|bottle)\b|\bthe (?:pills|whole bottle|bottle) (?:is|are) (?:gone|empty|inside me)\b|\b(?:too late|it is done|i did it|i have done it|done it)\b",
    ),
    (
        "over",
        "over soon",
        r"\b(?:it|this|everything|all of this|my (?:pain|suffering|life)) (?:will|is going to|'ll|would|can) (?:\w+ )?(?:be )?(?:over|end|finally end|stop|be done|be finished)(?: \w+)? ?(?:soon|tonight|today|tomorrow|now|forever|in|by|after|at last|for good)\b|\bno more (?:pain|suffering|hurting|tears|me)\b|\bi (?:will|'ll|am going to|would) (?:\w+ )?be (?:gone|free|at peace|at rest|out of (?:here|the way|everyone's (?:way|hair)|your (?:way|hair|life)))(?! (?:for (?:a|the|\d)|to |until|till|from (?:work|school)|on (?:vacation|holiday|monday)|between|all day|next week on))\b|\bi (?:feel|am) (?:\w+ )?(?:calm|at peace|relieved|peaceful|lighter|ready)(?: now)?\b(?=.{0,50}\b(?:decision|decided|plan|soon|end|goodbye|pain|weekend|over|made up))|\b(?:decision|decided|made up my mind|mind is made)\b.{0,60}\b(?:calm|peace|relie\w+|no more pain|free|ready|over)",
    ),
    (
        "goodbye",
        "dead loved",
        r"\b(?:be with|join|see|meet|follow|hold|hug) (?:\w+ )?(?:my|our|his|her)? ?(?:dead|late|deceased|departed|angel|baby in heaven|\w+ in heaven)(?: \w+)? ?(?:soon|again|tonight|tomorrow|now)|\b(?:soon|tonight|tomorrow) i (?:will|'ll) (?:be with|join|see|meet|follow) (?:him|her|them|my (?:dead|late)|you in)|\btell (?:my |them |everyone )(?:\w+ ){0,3}(?:that )?i (?:am |was )?(?:\w+ )?sorry\b|\btell (?:my |them |everyone )(?:\w+ ){0,4}i (?:will always )?loved? (?:them|him|her|you)\b.{0,60}\b(?:again|sorry|gone|goodbye|last|see)|\b(?:never|not) (?:\w+ )?(?:hear|see|talk|speak|have)(?: \w+){0,2} (?:from|to|of|with)? ?me (?:again|any ?more|after)|\b(?:after|by|come|until|this) (?:tonight|tomorrow|monday|tuesday|wednesday|thursday|friday|saturday|sunday|this weekend|next week)\b.{0,40}\b(?:never (?:hear|see|have)|no longer be|will be gone|not be here|no more pain|be free of me|rid of me|without me|not have to (?:deal|worry|put up))|\b(?:rid of|free of|freed from|put up with|burdened by|bothered by|worry about|deal with) me (?:any ?more|any longer|much longer|soon|after|again|ever)|\b(?:not|never) be (?:a|your|their|anyone's) (?:problem|burden|bother|worry|trouble)(?: to \w+)? (?:any ?more|much longer|for much longer|any longer|soon|after)",
    ),
    (
        "prep",
        "will",
        r"\b(?:writ\w+|wrote|mak(?:e|ing)|made|draft\w*|updat\w+) (?:out |up )?(?:a|my|the) (?:last )?will\b(?=.{0,80}\b(?:quick\w*|fast|tonight|next week|not need|gone|soon|before i|last|when i am|goodbye|ready))|\bwr(?:ote|itten|iting|ite) (?:my|the|a) (?:last )?note\b(?! (?:to self|for (?:class|the teacher|the meeting|work)|app))|\b(?:final|last) (?:arrangements|wishes|words|goodbyes?)\b(?=.{0,60}\b(?:my|i|done|made|ready|said)\b|\W*$)|\bsaid (?:all )?my (?:final )?goodbyes?\b|\bsay(?:ing)? (?:my )?goodbyes? to (?:everyone|all|my (?:family|friends|kids|mom|dad))|\b(?:paid|paying|settled|settling|cleared) (?:off )?(?:all )?my debts?\b(?=.{0,80}\b(?:homes?|gave|away|goodbye|gone|problem|letters?|longer|cats?|dogs?|note|ready|peace))|\b(?:found|finding|find) (?:\w+ )?(?:new )?(?:homes?|owners?) for (?:\w+ )?my (?:\w+ )?(?:cats?|dogs?|pets?)",
    ),
    (
        "die_wish",
        "hit by",
        r"\b(?:wish\w*|hop\w+|pray\w*|if|would be nice if|want|not mind if|not care if|wouldn't care if) (?:\w+ )?(?:a|an|the|some|that|this|my|god|lightning|something|someone)(?: \w+){0,3} (?:would |could |to |will |just )*(?:land(?:s|ed)?|fall(?:s)?|fell|hit(?:s)?|crush(?:es|ed)?|flatten(?:ed|s)?|run(?:s)?|ran|struck|strike(?:s)?|smash(?:ed|es)?|tak(?:e|es)|took|end(?:s|ed)?|kill(?:s|ed)?|shoot(?:s)?|shot|swallow(?:s|ed)?|finish(?:es|ed)?|come(?:s)? back)(?: \w+){0,2} (?:me|on me|into me|over me|my life|back|right|here)\b|\b(?:one|a|single|any|no|another) reason(?:s)? to (?:keep |go on |carry on |continue )?(?:\w+ )?(?:breath\w*|liv\w+|going|exist\w*|alive|on)\b|\b(?:it|this) hurts? (?:so much )?to (?:be alive|live|exist|breathe)\b|\bi (?:would|'d) rather (?:be nothing|not be|be gone|be dust|feel nothing forever|be with the dead)|\bi (?:want|need|wish|hope|pray) (?:for )?(?:it|everything|my life|all of it|this life|life)(?: to)? (?:be )?(?:over|end|finished|done)\b|\bhope\w* (?:the |my )?(?:cancer|tumou?r|disease|virus|illness|heart)(?: \w+){0,3} (?:back|kills?|takes?|terminal|spreads?|stops?|gives? out)",
    ),
    (
        "hopeless",
        "how long",
        r"\bhow (?:much|many) (?:more|longer)(?: \w+){0,2} i can (?:\w+ )?(?:take|keep|go on|hold|do|last|stand|bear|live|carry|fight|survive)|\bnot (?:be able to )?(?:take|hold on|last|keep (?:this|it) up|make it) much longer|\bwhat is the point\b(?=\W*$| any ?more| of (?:it|anything|trying))|\bi (?:have|'ve) (?:nothing|no one) left\b|\b(?:so|completely|totally|absolutely) done with (?:everything|it all|life|this world|people)|\bat rock bottom|\bhit rock bottom|\bno strength left|\bnothing left in me|\bcan not (?:face|see) (?:the|another|tomorrow|a) (?:day|future|morning)|\bcry for help|\bdesperate\b.{0,20}\b(?:help|way out|alone)",
    ),
    (
        "third_risk",
        "himself",
        r"\b(?:kill\w*|hang\w*|hung|hurt\w*|harm\w*|cut\w*|shoot\w*|shot|drown\w*|unaliv\w*|off(?:ing|ed)?|end\w*|starv\w*|burn\w*|injur\w*|stab\w*|overdos\w*|poison\w*) (?:himself|herself|themselves|themself|(?:his|her|their) (?:own )?li(?:fe|ves))\b|\b(?:he|she|they|friend|brother|sister|son|daughter|mom|mum|dad|mother|father|wife|husband|partner|girlfriend|boyfriend|cousin|roommate|classmate|colleague|coworker|student|child|kid|teen|uncle|aunt|ex|neighbou?r|guy|girl|client|patient|nephew|niece|teammate|person|someone)(?: \w+){0,6} (?:suicidal|suicide|overdos\w+|self[ -]?harm\w*|(?:took|taken|taking|swallowed) (?:\w+ ){0,5}(?:pills|meds|tablets|sleeping)|(?:cut|cuts|cutting|slit) (?:his|her|their) (?:wrists?|arms?|thighs?)|to die|to be dead|better off dead|to live(?: any ?more)?|to be alive|wake up|end it(?: all)?|about dying|about death|jump(?:ing)? off|goodbye|not be here)\b",
    ),
    (
        "prep",
        "after I am gone",
        r"\b(?:after|when|once|if) i am (?:gone|dead|no longer (?:here|around|alive))\b(?! (?:for (?:a|the|two|\d)|on|to|from|at))|\b(?:find|finds|found|finding|discover\w*) (?:me|my (?:dead )?body|my corpse|what is left of me)\b(?=.{0,60}\b(?:tomorrow|family|kids|parents|mom|dead|gone|late|late|hotel|alone|cold|hanging|in time|note|here|by then)\b|\W*$)|\b(?:one to|be the one (?:who|to)|who|nobody will|no one will|they will|someone will|until they|police) (?:\w+ )?(?:find|finds|discovers?) (?:me|my body)\b|\bmy (?:ashes|funeral|burial|grave|eulogy|obituary|tombstone|gravestone|headstone|cremation)\b|\bone[ -]way ticket (?:out|to (?:heaven|nowhere|the other))|\bblame (?:themselves|yourself|herself|himself|yourselves)\b(?=.{0,60}\b(?:gone|i am|after|note|letter|i|my)\b)|\bneed(?: \w+){0,4} where i am going\b|\bwhere i am going(?: \w+){0,5} (?:not|nothing|any|no)\b",
    ),
    (
        "goodbye",
        "no tomorrow",
        r"\bthere (?:will|is going to|'ll)? ?(?:not|never|no longer|be no|is no|will be no) (?:be )?(?:a |an |any |another )?(?:\w+ )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|morning|next (?:week|month|year|time|birthday|christmas)|me|birthday|summer|future) ?(?:for me|left for me)?\b(?=.{0,10}(?:for me|\W|$))|\bi (?:will|am going to|'ll) (?:not|never) (?:\w+ )?(?:be (?:back|coming back|around|here|there)|come back|return|make it to|see (?:the|another|you|my|this))(?: \w+){0,5} ?(?:next|any ?more|ever|graduat\w+|wedding|birthday|christmas|grow up|month|week|summer|morning|sunrise|year|again|spring|winter|monday)\b|\b(?:take care of|look after|feed|be good to|watch over) (?:\w+ ){1,4}for me\b.{0,60}\b(?:not be|won't|last|love|goodbye|sorry|gone|back)|\b(?:last good thing|last person|last thing i) (?:\w+ ){0,4}(?:in my life|i will|to talk|say|see|will ever|know|ever)|\b(?:deleted|delete|deactivated|wiped|cancell?ed|closed) (?:all )?(?:of )?my (?:accounts?|social|subscriptions|everything|profiles|phone|plans|appointments)\b.{0,80}\b(?:cleaned|after|gone|last|anything|needed|goodbye|end|ready|no longer|longer)|\bno need (?:to|for) .{0,40}\bi (?:will|am going to|'ll)? ?(?:not|won't) (?:be )?(?:around|here|there|need)|\b(?:finally|it) (?:all )?(?:stops|ends)(?: \w+)? ?(?:tonight|tomorrow|today|soon)\b|\b(?:tonight|tomorrow|today|soon) (?:it|everything|the pain|all of this|this) (?:\w+ )?(?:stops|ends|will stop|will end|is over|will be over)|\bmade sure of it\b|\bthis is (?:it for me|the end(?: for me)?(?: of me)?|my (?:last|final|end))\b|\bmy last (?:night|day|evening|hours?|meal|message|words|post|conversation|smoke|cigarette|drink|sunset|sunrise|goodbye)\b(?! (?:at|of (?:work|school|class|the (?:trip|semester|vacation|holiday))|in (?:the office|town|paris|london|rome|this (?:city|job|apartment))|with the (?:company|team)|was|before (?:vacation|the holidays|my (?:diet|trip|flight))))",
    ),
    (
        "method_self",
        "at the point",
        r"\b(?:taking my life|ending my life|ending it|killing myself|suicide|dying|death) (?:\w+ )?(?:makes? sense|is (?:the )?(?:only|best|right)|seems? (?:right|logical|like|the)|feels? (?:right|comforting|like|the)|sounds? (?:good|nice|right|peaceful)|would (?:be|fix|solve|stop|end))|\b(?:would|could|to|enough to|going to|can|might) kill me\b(?=.{0,60}\b(?:think|thought|daily|meds?|pills|enough|want|hope|wish|good|dose|take|them)\b)|\bmeds? (?:\w+ ){0,4}enough to kill\b|\b(?:practic\w+|rehears\w+|test(?:ed|ing)?|tr(?:ied|ying) (?:out)?|experiment\w*) (?:with )?(?:the |a |my |tying |it with |how to )*(?:noose|rope|gun|hanging|knot|plastic bag|belt|blade)\b|\bbag over my head\b|\b(?:do|done|did|doing) it with (?:a |my |the )?(?:\w+ )?(?:{MEANS})|\bin (?:the|my) (?:closet|garage|attic|basement|bathtub|shed)\b.{0,20}\b(?:hang|rope|noose|blade|belt)|\b(?:oncoming traffic|the oncoming|headlights)\b.{0,40}\b(?:drive|swerve|steer|step|walk)|\b(?:drive|swerve|steer|step|walk|run)(?:ing)? (?:\w+ ){0,3}(?:oncoming traffic|oncoming cars|into traffic)|\b(?:almost|nearly|close to|came close to|was going to|thought about|thinking about|crossed my mind to) (?:\w+ )?(?:jump\w*|step\w*|walk\w*|driv\w*|swallow\w*|tak\w*|pull\w*|let(?:ting)? go|go(?:ing)? over|did it|do(?:ing)? it|end\w*)(?: \w+){0,6} (?:platform|tracks?|bridge|roof|pills|trigger|traffic|train|rail\w*|edge|on purpose|everything|them all|window|balcony|cliff)\b|\bon purpose\b.{0,30}\b(?:crash|die|overdose|jump|step|cut|hurt)|\b(?:just|or|and|should i|i will|gonna|going to) jump\b\W*(?:$|i can not|\?|now|tonight|tomorrow|or|at)|\b(?:tonight|tomorrow|morning|at \d+|soon|midnight|today)\b(?: \w+){0,4} i (?:will )?jump\b|\bjump (?:\w+ )?(?:tonight|tomorrow|at \d|soon|today|in the morning)\b|\b(?:plan|goal|decision|idea) is to (?:jump|hang|drown|overdose|shoot|die|end)\b|\bpull the trigger\b(?! on (?:the|a|this|buying|that|it))",
    ),
    (
        "die_wish",
        "relief",
        r"\b(?:death|dying|being dead|not existing|nonexistence|not being alive|to be dead|oblivion|the grave|eternal rest|stop(?:ped)? existing|ceas\w+ to exist|never (?:woke|waking|wake) up) (?:\w+ ){0,3}(?:sounds?|seems?|feels?|looks?|would|is|might|could|it'?d|i think)(?: \w+){0,3} (?:peace\w*|nice|good|relief|better|easier|lovely|appealing|comfort\w*|tempting|restful|sweet|great|freeing|kind|wonderful|like (?:a )?(?:relief|rest|freedom|peace|home))|\b(?:easier|better|best|nicer|simpler|happier|relieved|glad) (?:for (?:me|everyone|all|them) )?(?:if|when|once) i (?:\w+ )?(?:stopped (?:existing|living|breathing|being)|were (?:gone|dead|not)|was (?:gone|dead|not)|am (?:gone|dead)|did not exist|died|disappeared|vanished|ceased)|\b(?:envy|envious of|jealous of) (?:\w+ ){0,3}(?:dead|dying|died|deceased|terminal\w*|corpses?|coma)|\bonly (?:alive|here|living|still here|reason i am (?:alive|here|still)|thing keeping me)(?: \w+){0,4} (?:because|for|is|alive|so|due)\b|\b(?:stop|stopping|quit|done|finished|through) (?:being alive|living|existing|with living|with being alive|breathing)\b|\bmeant to (?:be alive|live|exist|survive|be here|be born)\b|\b(?:hop\w+|wish\w*|pray\w*) (?:that )?(?:my |the |this |our )?(?:plane|car|bus|train|elevator|lift|heart|building|roof|flight|ship|boat)(?: \w+){0,3} (?:crash\w*|stops?|stopped|gives? out|fails?|falls?|sinks?|explodes?|collapses?)|\b(?:put|take|shoot|end) me out of (?:my|this) misery\b|\bout of (?:my|this) misery\b|\bliving (?:is|feels|has become) (?:\w+ )?(?:exhausting|torture|hell|pointless|unbearable|agony|a burden|too (?:hard|much|painful))|\bwant out\b(?! (?:of (?:the|this|my) (?:contract|lease|deal|job|relationship|marriage|group|car|meeting|house)))|\b(?:god|lord|jesus|heaven|universe|death) (?:\w+ )?(?:takes?|took|to take|would take|call\w*|let|please take|just take) me(?: home| away)?\b|\brather not (?:be alive|live|exist|be here at all|wake)|\bwithout me\b(?=.{0,30}\b(?:better|happier|easier|fine|relie\w+))|\b(?:relieved|happier|better off|better|freed?|glad) (?:\w+ )?if i (?:were|was|am) (?:gone|dead|not (?:here|around|alive))",
    ),
    (
        "means_here",
        "lined up",
        r"\b(?:lined|laid|counted|poured|dumped|spread|emptied|sorted|set) (?:up |out )?(?:all )?(?:the |my |these |them |of )*(?:{PILLS}|them)\b|\b(?:next to|beside|by|near|under|behind|in front of) (?:the |my )(?:keyboard|laptop|pillow|phone|bed|computer|tv|chair|hand|plate|sink)\b|\b(?:loaded|cocked) (?:\w+ )?{GUN}|\brope (?:is )?(?:on|over|from|around) (?:the |a )?(?:beam|rafters?|fan|branch|pipe|ceiling|tree|bar|hook|door|rail)|\bchair (?:is )?(?:under|below|beneath)",
    ),
    (
        "attempt_now",
        "one by one",
        r"\b(?:taking|swallowing|popping|eating|downing) (?:them|the pills|my pills|pills|all of them|these|the whole)(?: \w+){0,4}(?: now| right now| one by one| already| all|\W*$)|\b(?:took|swallowed|taken|downed|ate|popped) (?:\w+ ){0,3}(?:\d{2,}|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|dozens?|half (?:of )?(?:the|a|my)|all) (?:\w+ ){0,5}(?:{PILLS})\b|\bblood (?:is )?(?:\w+ )?(?:all over|everywhere|on (?:the|my) (?:floor|bathroom|bed|sheets|tiles))\b(?=.{0,60}\b(?:did it|finally|cut|sorry|goodbye|wrists?|die|do not care|over)\b)|\b(?:climbing|climbed|stepping|swinging) (?:\w+ )?(?:over|onto|up on|past|across|outside) (?:the |this )?(?:rail\w*|fence|barrier|ledge|parapet|edge|guard ?rail|balustrade|wall)\b|\bnext (?:train|one|subway|truck) (?:and|that comes|is mine|i)\b|\bthe next train\b(?=.{0,20}\b(?:over|jump|done|it|mine|end)\b)",
    ),
    ("self_kill", "unalive", r"\bunaliv\w*\b(?! (?:him|her|them|you|people|someone|everyone))"),
    (
        "self_kill",
        "ending it is",
        r"\b(?:ending it|to end it|ending things|ending everything)\b.{0,30}\b(?:only|best|sense|answer|solution|option|thought|mind|way|peace|relief|tempting|easier|appealing)\b|\bhow (?:can|could|do|would|should|might|will) i (?:\w+ )?(?:die|kill myself|end (?:it|my)|not wake|leave this (?:world|life)|disappear forever)\b|\b(?:had|have|having|find|found|get|need|lack|more) the (?:guts|courage|nerve|strength|balls) to (?:\w+ )?(?:do it|end|die|jump|kill|pull|go through|finish)|\bi would do it\b.{0,30}\b(?:guts|courage|nerve|with|if|but)\b|\bif i had the (?:guts|courage|nerve)\b",
    ),
    (
        "plan",
        "planned out",
        r"\b(?:have|had|got|i) (?:\w+ )?(?:everything|it|this|it all|all of it|the whole thing) (?:\w+ )?(?:planned|figured|mapped|worked|thought)(?: out)?\b(?=.{0,80}\b(?:how and|where|when|die|end|only thing left|date|note|last|goodbye|kill)\b)|\b(?:the )?how and (?:the )?(?:where|when)\b",
    ),
    (
        "die_wish",
        "only alive",
        r"\bonly alive\b|\bstill (?:alive|here) (?:only )?(?:because|for)\b|\b(?:never (?:woke|wake|waking) up|not waking up)\b.{0,40}\b(?:nice|good|peace\w*|relief|better|okay|fine|great|lovely|best)\b|\b(?:only|one) (?:thing|reason) (?:that )?(?:keeps|keeping|stops|stopping|holding|holds) me\b",
    ),
    (
        "hopeless",
        "same pain",
        r"\b(?:can not|could not) (?:\w+ )?(?:keep (?:doing|living|going|pretending|fighting)|do) (?:this|it|like this|on)\b(?! (?:homework|job|math|class|assignment|puzzle|diet|workout|level))|\bevery day is (?:the same )?(?:pain|torture|hell|agony|a struggle|misery|unbearable)|\bi (?:am|feel like) (?:such )?a (?:complete |total )?failure\b|\bdrag(?:ging)? (?:everyone|them|you|my \w+) down\b",
    ),
    (
        "distress",
        "failure",
        r"\bfailure\b|\bunloved\b|\bcan not cope\b|\bcry\w*\b|\bgrieving\b|\bdied\b.{0,20}\b(?:can not|miss|alone)\b|\bhate me\b|\bno one (?:cares|loves)|\bmy life is\b",
    ),
    (
        "third_risk",
        "he were dead",
        r"\b(?:he|she|they|son|daughter|friend|brother|sister|mom|mum|dad|kid|child|student|partner|wife|husband|girlfriend|boyfriend|aunt|uncle)(?: [\w']+){0,4} (?:wish(?:es|ed)?|want(?:s|ed)?|hopes?|says?|said|talk\w*|think\w*)(?: [\w']+){0,5} (?:dead|die|dying|follow (?:him|her|them)|join (?:him|her|them)|disappear|not exist|be gone)\b|\b(?:talk\w*|spoke|joking|jokes|posted|post\w*|wrote|hint\w*|threaten\w*) (?:about |of )?(?:ending (?:his|her|their) life|suicide|killing|dying)\b",
    ),
    (
        "self_kill",
        "almost did",
        r"\b(?:bridge|roof|rooftop|ledge|tracks|platform|window|edge|building|pills|gun|cliff|rail\w*|balcony)\b.{0,60}\b(?:almost|nearly|came close|so close) (?:to )?(?:jump\w*|step\w*|did it|doing it|took them|pull\w*|let(?:ting)? go|end\w*|went)|\b(?:my |the |this |all (?:my |the )?)(?:\w+ )?(?:pain|suffering|struggle|life|story|journey|misery|fight|agony|nightmare) (?:finally )?(?:ends|stops|will end|will stop|is over|will be over|comes to an end|is ending)(?: \w+)? ?(?:tonight|today|tomorrow|soon|now|this (?:week|weekend|evening))|\b(?:sleep|asleep) (?:\w+ )?for good\b|\b(?:i|we) (?:will|am going to|'ll|am) (?:\w+ )?(?:go|going|follow|following|leave|leaving) too\b(?=\W*$|.{0,20}(?:world|life|heaven|him|her|them))",
    ),
    (
        "plan",
        "enough",
        r"\benough (?:\w+ )?{PILLS}\b(?! (?:for (?:the|a|my|this|two|three)|left for|at home for))|\bi know how\b(?=\W*$| to (?:do it|die|end)| and (?:when|where))|\b(?:i have|i've|i) (?:\w+ )?set (?:a|the|my) date\b(?! (?:for (?:the|our|my) (?:wedding|party|meeting|exam|trip|surgery)|with))",
    ),
    ("hopeless", "nothing to lose", r"\bnothing (?:left )?to lose\b"),
    (
        "die_wish",
        "six feet",
        r"\bsix feet under\b|\b(?:can not|can't) wait to (?:die|be dead|be gone|not exist|leave this)",
    ),
)
