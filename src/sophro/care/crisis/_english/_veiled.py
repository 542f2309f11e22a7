"""What is said by its circumstances: the last things settled, an hour without watchers, a mask taken off.

Contract: data, see ``_english``. Kinds ``settled``, ``plan_hint`` and ``unmask`` say nothing alone: ``_weigh`` counts
them together, after distress, or after what was said of "a friend" or "a character".
"""

# ruff: noqa: E501

from __future__ import annotations

_OUGHT = r"(?:want(?:ed)?|need(?:ed)?|ha(?:d|ve)|meant|should|ought|owed?)"
_LETHAL_PLACE = r"(?:the |a |my |our |this |that )?(?:\w+ )?(?:cabinet|medicine chest|bottle|bathroom|prescription|blister|strip|box of \w+|{PILLS})"

VEILED: tuple[tuple[str, str, str], ...] = (
    # --- an act and the wish that it kill: the act alone may be an accident, a habit or a mistake
    (
        "attempt_now",
        "taken to die",
        r"\bi (?:\w+ ){0,2}(?:took|swallowed|drank|downed|ate|injected|inhaled|chugged) (?:\w+ ){1,8}?(?:so (?:that )?i (?:\w+ )?(?:die|never wake|not wake|not be|be dead|go to sleep forever)|to (?:\w+ )?(?:die\b(?! for)|kill myself|end (?:it|my|things)|make it (?:all )?(?:stop|end)|not wake)|(?:because|and|but) i (?:\w+ )?want(?:ed)? to (?:die|be dead|end (?:it|my life)|not wake)|hoping (?:\w+ ){0,4}(?:die|kill me|kills me|not wake|never wake|end it|be over))",
    ),
    (
        "attempt_now",
        "done an hour ago",
        r"\b(?:overdosed|od ed|oded|(?:hanged|hung|stabbed|shot|poisoned|drowned) myself|slit my wrists?|cut my (?:wrists?|throat|arter\w+|veins?)|(?:took|swallowed|drank) (?:the |an |my )?(?:overdose|whole bottle|poison|bleach|antifreeze|weed ?killer)|tried to (?:kill|hang|drown|shoot) myself)\b(?:(?! (?:\d+ |two |a few |some )?(?:days?|weeks?|months?|years?)\b).){0,40}\b(?:(?:\d+|an?|one|two|three|few|five|ten|fifteen|twenty|thirty|forty|half an|couple of) (?:minutes?|hours?|moments?) ago|just now|on purpose)\b",
    ),
    (
        "self_kill",
        "harm meant to kill",
        r"\b(?:i|me) (?:\w+ ){0,2}(?:cut|burn(?:ed|t)?|hurt|starv\w+|drove|driv\w+|crash\w*|walk\w*|jump\w*|stopp?\w* (?:eating|drinking|my (?:insulin|meds|medication))|stepp\w*|ran|fell|bled) (?:[\w']+ ){0,10}?(?:because|so|and|hoping|hoped|wanting|wishing|praying)(?: [\w']+){0,5}? (?:hop(?:ed|ing)|wish(?:ed|ing)|want(?:ed|ing)|pray(?:ed|ing)|so i|so that i|hoping|wanting|praying)(?: [\w']+){0,8}? (?:die|dead|not wake|never wake|not stop bleeding|bleed out|not survive|kill me|end it|be over|not come back|never come back)\b",
    ),
    (
        "self_kill",
        "what if I",
        r"\bwhat if i (?:\w+ ){0,3}?(?:(?:swallow|took|take|drank|drink|down|empt(?:y|ied)|ate|finish)(?:ed)? (?:up )?(?:everything|all|the (?:whole|entire|lot|rest)|every (?:single )?\w+)(?: of)?(?: the\w*| it| them)?(?: (?:in|from))? "
        + _LETHAL_PLACE
        + r"|(?:swallow|took|take|down)(?:ed)? (?:them all|all of (?:them|it)|the lot|the (?:whole|entire) (?:bottle|packet|box|strip))|let go of the (?:wheel|rail\w*|ledge|edge)|(?:turn|swerv|steer|drive|drove|pull)(?:ed)?e?d? (?:the wheel )?(?:\w+ )?into (?:the |a |oncoming )?(?:\w+ )?(?:wall|tree|lorry|truck|traffic|barrier|lane|river)|step(?:ped)? (?:off|out|in front)(?: of)? (?:the |a )?(?:\w+ )?(?:platform|kerb|curb|ledge|roof|edge|train|bus|lorry|truck|road|traffic)|(?:walk|wade|swim|swam)(?:ed)? (?:out )?into the (?:sea|lake|river|ocean|water|woods)(?: and)? (?:not|never|did not)|did not (?:come back up|wake up|brake|hold on))\b(?! (?:of )?(?:in (?:the|this) game|fridge|snacks))",
    ),
    (
        "attempt_now",
        "on the tracks",
        r"\b(?:sat|sit(?:ting)?|l(?:ying|ay|aid)|stood|stand(?:ing)?|kneeling|am) (?:\w+ )?on the (?:train |railway )?(?:tracks?|rails?|line)\b.{0,40}\b(?:next|wait\w* for|until|hear\w*) (?:the |a |my |next ){0,2}(?:train|one)\b(?! station)|^\W*(?:i (?:am |was )?)?(?:sat|sitting|lying|laying|kneeling) (?:\w+ )?on the (?:train |railway )?(?:tracks?|rails)\W*$",
    ),
    (
        "self_kill",
        "like an accident",
        r"\b(?:look|seem|pass) (?:like|as|for) an accident\b.{0,12}\b(?:for my (?:wife|husband|kids?|children|family|mum|mom|dad|parents|mother|father|partner|daughter|son|girls|boys)|so (?:that )?(?:my|she|he|nobody|no one|the (?:kids|insurance)))\b",
    ),
    # --- fear of oneself
    (
        "self_kill",
        "fear of oneself",
        r"\b(?:do not|can not|could not|no longer|not) trust myself (?:to (?:be (?:alone|left|on my own)|stay (?:safe|alive)|get through|keep (?:myself )?safe|make it|not)|alone|on my own|tonight|right now|any ?more|around (?:the |my |these |those )?(?:{PILLS}|{BLADE}|{GUN}|{ROPE}|trains?|bridges?|windows?|edges?|heights?)|near (?:the |a |any )?(?:\w+ )?(?:{HIGH}|{TRACK}|{WATER}|{BLADE}|{GUN}|{PILLS}))\b(?! (?:with (?:money|cake|chocolate|a credit|snacks)|not to (?:eat|buy|text|laugh|spend|fall asleep|shout|yell|snap|spoil)|around (?:cake|biscuits|chocolate|him|her|snacks)))|\b(?:afraid|scared|frightened|terrified|worried) (?:of |about )?(?:what i (?:\w+ )?(?:will|would|might|could|may|am going to) do to myself|that i (?:\w+ )?(?:will|might|could|may|am going to) (?:\w+ )?(?:do something (?:to myself|stupid|final|permanent|irreversible)|hurt myself|act on (?:it|them))|of (?:being alone|staying alone|myself) tonight|i (?:\w+ )?(?:will|might|could|may|am going to) (?:\w+ )?(?:do something (?:to myself|final|permanent|irreversible)|act on (?:it|them)))",
    ),
    # --- farewell without the word
    (
        "goodbye",
        "the last of me",
        r"\b(?:that|this|it|tonight|tomorrow|and) (?:will|would|is going to|is|'ll|to) ?(?:be )?the last (?:of me|(?:that )?(?:you|they|anyone|any of you) (?:will |'ll |ever |hear |see )+(?:hear|see|ever|of|from))",
    ),
    (
        "goodbye",
        "no more of me",
        r"\b(?:no one|none of (?:you|them)|you|they|(?:my )?(?:mom|mum|dad|mother|father|wife|husband|son|daughter|sister|brother|family|parents|kids|children|nurses?|carers?)) (?:will|would|is going to|are going to|'ll)? ?(?:not |never |no longer |not ever )?(?:have to|need to|has to|needs to|be) (?:\w+ )?(?:carry(?:ing)?|drag(?:ging)?|car(?:e|ing) for|look(?:ing)? after|tak(?:e|ing) care of|pay(?:ing)? for|feed(?:ing)?|nurs(?:e|ing)|wash(?:ing)?|wait(?:ing)? on|worry(?:ing)? (?:about|over)|clean(?:ing)? up after|babysit(?:ting)?|check(?:ing)? on|visit(?:ing)?|put(?:ting)? up with) me (?:any ?more|any longer|after (?:that|this|it|then|tonight|tomorrow|today|\w+day)|again|ever|once (?:it|this|i|that)|when (?:it|this|i|that)|much longer|soon|by (?:then|\w+day|tomorrow))\b(?! (?:(?:i )?(?:move|moved|got|get|have|passed|start|started|recover\w*)|out|home|now|because i|since i))",
    ),
    (
        "prep",
        "sorry for the body",
        r"\b(?:sorry|apolog\w+|forgive me)\b[^.!?]{0,30}\b(?:for|about|that) (?:\w+ ){0,3}(?:(?:dying|die|died|doing (?:it|this)|ending (?:it|my)|killing myself) in (?:your|the|this|his|her|their) (?:\w+ )?(?:house|flat|room|apartment|home|hotel|garage|bath\w*|car|place|property|basement|kitchen|bed)|(?:mess|body|smell|stain)\w* (?:that )?(?:i|you|they|whoever|someone)(?: \w+){0,3} (?:leav\w+|left|find|clean|see|deal))|\b(?:whoever|the (?:person|cleaner|maid|one)(?: who)?|to whoever) (?:\w+ )?(?:finds?|discovers?|has to find|has to clean up after) (?:me|my body|this and me)\b|\bwho (?:do you think )?(?:will|would|is going to|gets to) find (?:me|my body)(?: first)?\b|\bfind me first\b",
    ),
    (
        "plan_hint",
        "letters under way",
        r"\b(?:letters?|notes?|videos?|voice ?(?:notes?|memos?)) (?:to|for) (?:each of )?(?:my |the |our )?(?:\w+ )?(?:parents?|mom|mum|dad|mother|father|kids?|children|son|daughter|wife|husband|family|brother|sister|best friend|everyone|each of them)\b.{0,50}\b(?:written|wrote|rewr\w+|draft\w*|finish\w*|sealed|started over|torn? up|tore|can not get|still (?:not|no)|last (?:line|lines|one)|third|second|half|done|ready|in (?:the|my) drawer)\b|\b(?:rewr\w+|draft\w*|sealed|finish\w*|hid(?:den)?) (?:\w+ ){0,3}(?:letters?|notes?) (?:to|for) (?:my |the )?(?:\w+ )?(?:parents?|mom|mum|dad|mother|father|kids?|children|son|daughter|wife|husband|family|everyone|each)",
    ),
    (
        "plan_hint",
        "when nobody watches",
        r"\b(?:what time|when|how often|which (?:hours?|nights?|shift)|are there (?:any )?(?:times|hours|nights))\b.{0,30}\b(?:do(?:es)? (?:not )?(?:no one|anyone|the (?:nurses?|guards?|staff|night (?:staff|shift)|security|wardens?|rounds?|carers?))|no (?:checks?|rounds?|one (?:is )?(?:checks?|looks?|on duty|around|watch\w*|patrol\w*))|(?:nurses?|guards?|staff|security|wardens?|carers?) (?:\w+ )?(?:check|make (?:their )?rounds|patrol|leave|change shifts?|look in))|\bbetween (?:the )?(?:checks|rounds)\b|\b(?:no one|nobody) (?:checks|looks in|will (?:check|look in|come by|come looking|disturb|walk in|be home|be back)|comes? (?:by|looking|in)) (?:on me )?(?:until|till|before|for (?:hours|days|the (?:whole|entire))|between|after|at night)",
    ),
    (
        "plan_hint",
        "scouted",
        r"\b(?:been|gone|went|going|walk\w*|drove|driving|drive) (?:\w+ ){0,3}(?:back )?(?:to|past|by|up to|out to|over) (?:look at|check|see|measure|scout|the) (?:\w+ ){0,3}(?:bridge|roof|tracks|cliff|quarry|viaduct|weir|crossing|reservoir)\b.{0,40}\b(?:again|every (?:night|day|evening|week)|three times|twice|to (?:see|check|look|count|time|measure)|how (?:high|far|deep))|\b(?:how much|what) (?:weight|load) (?:can|could|would|will|does) (?:\w+ ){0,4}(?:beam|rail|branch|hook|door|pipe|rod|banister|fan|joist|rope|belt|cord)\b.{0,20}\b(?:hold|take|carry|bear|support)?|\b(?:will|would|can|does) (?:\w+ ){0,4}(?:beam|curtain (?:rail|rod)|branch|hook|door handle|pipe|banister|ceiling fan|joist|shower rail) (?:hold|take|carry|bear|support) (?:my|a|the|an|\d+)(?: \w+){0,2} ?(?:weight|body|person|adult|man|woman|kg|kilos|pounds)?\b",
    ),
    (
        "plan_hint",
        "euphemism",
        r"\b(?:bought|buy|buying|got|getting|booked|have|punched|hold|holding) (?:me )?(?:my|a|the) (?:own )?(?:one[ -]way )?ticket\b(?=.{0,60}\b(?:no return|out of here|nobody|no one|after (?:that|this)|the bus|way out)\b)",
    ),
    # --- the last things settled; several together count
    (
        "settled",
        "accounts",
        r"\b(?:apologi[sz]ed to|made (?:peace|up|amends|it up) with|forgiven?|forgave|thanked|hugged|called|phoned|visited|seen|saw|said (?:what|everything|all) i|told|paid back|repaid|written to|wrote to)(?: \w+){0,3} (?:everyone|everybody|all|anyone|people|whoever|each|the people|those)(?: \w+){0,2} (?:that )?i (?:\w+ )?"
        + _OUGHT
        + r"\b|\b(?:everything|all) (?:that )?(?:i (?:\w+ )?(?:had|owed?|needed|wanted|meant)(?: to (?:\w+ ){1,3})? ?|that needed \w+ |there was to \w+ )(?:is |has been |i have )?(?:\w+ )?(?:paid|done|said|settled|returned|handed over|given back|sorted|dealt with|finished)\b|\b(?:debts?|bills|rent|accounts?|loans?) (?:are |is |all |have been |has been )*(?:\w+ )?(?:paid|settled|cleared|closed|squared)\b|\b(?:paid|settled|cleared|closed) (?:off |up )?(?:\w+ )?(?:my |the |all )?(?:debts?|bills|accounts?|tab)\b|\b(?:returned|gave back|given back) (?:everything|all|every (?:book|key|thing|single)|the (?:books|keys|things)) (?:\w+ )?i (?:had )?(?:borrowed|owed)|\b(?:folders?|binder|list|envelopes?|instructions|passwords)\b.{0,30}\b(?:for (?:my |the )?(?:wife|husband|family|parents|kids|sister|brother|mom|mum|dad)|where (?:they|she|he) (?:will|can) find|labell?ed|on the (?:desk|table|kitchen))",
    ),
    (
        "settled",
        "date",
        r"\b(?:the |my )?(?:date|day|night|hour) (?:is|has been|was|got) (?:\w+ )?(?:set|fixed|chosen|picked|decided|settled|circled|marked)\b|\b(?:circled|marked|picked|chose|chosen|fixed|set|settled on|decided on) (?:\w+ )?(?:the|a|my) (?:date|day|night|hour)\b|\bi (?:know|have decided|decided) (?:when|the day|which day)\W*(?:$|now|it)",
    ),
    (
        "settled",
        "calm",
        r"\b(?:feel|feeling|felt|am|been|strangely|oddly|weirdly|so|suddenly) (?:\w+ ){0,2}(?:calm|light|lighter|peaceful|at peace|relieved|serene|weightless)\b|\b(?:strange|odd|weird|quiet|sudden|first) (?:\w+ )?(?:calm|peace|relief|lightness)\b|\b(?:slept|sleeping|sleep) (?:\w+ )?(?:well|better|soundly|through) (?:\w+ ){0,2}(?:for the first time|at last|in (?:months|years|ages))\b",
    ),
    (
        "settled",
        "release",
        r"\b(?:can|could|will|get to|able to|going to|at last|soon|almost|nearly)(?: \w+){0,2} (?:be (?:free|released|at rest|done|out of it)|rest|let go|sleep)\b|\b(?:nothing|not much|no one) (?:is )?(?:left )?(?:to (?:do|say|settle|wait for)|holding me|keeping me|tying me)\b|\bready (?:now|to go)\W*$",
    ),
    # --- the mask comes off: what was said of another, or of a character, was said of oneself
    (
        "unmask",
        "no such person",
        r"\bthere (?:is|was|has) (?:not (?:a|any) |no |never (?:a|any|been a|been any) )(?:\w+ )?(?:friend|she|he|character|novel|story|book|play|script|film|movie|game|poem|client|patient|cousin|roommate|colleague|sister|brother|project|essay|assignment|homework)\b(?! (?:to|in (?:the|this)|mode|file|called|named|about|who|that|with|for|online|here))|\b(?:the|that|my|this) (?:\w+ )?(?:friend|character|girl|boy|guy|man|woman|person|hero|heroine|protagonist|narrator|she|he|student|cousin|patient) (?:is|was|has been|has always been) (?:\w+ )?me(?: all along| the whole time)?(?=\W*$|,)|^\W*(?:\w+ ){0,2}(?:it|this|she|he) (?:is|was|has been|has always been) (?:\w+ )?me(?: all along| the whole time| i am (?:asking|talking|writing) about)?\W*$|\bi am (?:the|that|my own) (?:\w+ )?(?:friend|character|girl|boy|she|he|person|protagonist|student)\W*$|\b(?:there is no one else|no such (?:friend|person|book|novel|story|character)|i made (?:her|him|them|that|the (?:friend|story|novel|book|character)) up)\b|\b(?:put|use|write|swap)(?: \w+){0,2} my name (?:in place|in (?:it|there)|there|instead|for (?:hers|his|theirs)|where (?:hers|his))\b|\bchange (?:the|her|his) name to mine\b|\bi (?:\w+ )?(?:need|want|will use|am using|am going to use) (?:the|this|that) (?:letter|note|message|goodbye|text) (?:myself|for (?:me|real|myself))\b|\bthe (?:question|poem|story) (?:is|was) (?:\w+ )?(?:mine|about me|my own)\b|\b(?:asking|it is|this is) for (?:me|myself)\b(?! to| too)",
    ),
    # --- urged from within
    (
        "method_query",
        "does it hurt to fall",
        r"\b(?:hurts?|painful|feel (?:it|anything|pain)|pain)(?: \w+){0,3} (?:to|when (?:you|someone|people|she|he)|if (?:you|someone|she|he|a person))(?: \w+)? (?:fall|falls|fell|jump|jumps|drop|drops|land|lands|hit the (?:ground|water)) (?:\w+ ){0,2}(?:from|off) (?:\w+ ){0,3}(?:high|heights?|{HIGH}|floor|storey|story|stories)\b|\b(?:hurts?|painful)(?: \w+){0,2} (?:to|when you|if you) (?:bleed out|bleed to death|suffocate|hang|drown|overdose|freeze to death|be hit by (?:a|the) train)\b",
    ),
    (
        "method_query",
        "until unconscious",
        r"\bhow (?:long|soon|fast|quick\w*|many (?:minutes|seconds))\b.{0,30}\b(?:pass(?:es|ed|ing)? out|black(?:s|ed|ing)? out|los(?:e|es|ing) consciousness|go(?:es)? under|fall unconscious|stop(?:s)? breathing|heart stops?)(?: \w+){0,3} (?:from|with|in|on|after|because of|due to) (?:\w+ ){0,3}(?:gas|exhaust|fumes|helium|nitrogen|charcoal|carbon monoxide|{PILLS}|blood loss|hanging|bleeding|a noose|a bag|(?:cold|freezing|icy) (?:water|river|lake|sea))\b",
    ),
    (
        "method_query",
        "how many for my weight",
        r"\bhow (?:many|much) (?:\w+ ){0,2}{PILLS} (?:\w+ ){0,3}(?:would|will|does|do|could|can) (?:it|you|i|one|someone) (?:take|need|have to take)\b(?=.{0,40}\b(?:weight|size|body|pounds|kilos|kg|not to wake|never wake|for good|forever)\b)",
    ),
    (
        "method_query",
        "sleep and not wake",
        r"\b(?:what|which|how|combination|mix|anything|something)\b.{0,40}\b(?:go to sleep|fall asleep|drift off|sleep) (?:\w+ ){0,3}(?:and |but )?(?:not|never|do not|don'?t|without) (?:ever )?wak(?:e|ing) up\b(?! (?:at|in|during|too|so|early|every|until|before|with|tired|sweating|again and again|all)\b)",
    ),
    (
        "method_query",
        "knows the dose",
        r"\bi (?:\w+ ){0,2}(?:know|found out|worked out|looked up|calculated) (?:\w+ ){0,2}(?:(?:which|what|the) (?:\w+ )?(?:dose|amount|quantity|number|mix|combination)|how (?:much|many)) (?:\w+ ){0,3}(?:would|will|could|it takes to|it would take to) (?:\w+ )?kill me\b",
    ),
    (
        "place_query",
        "highest place",
        r"\b(?:highest|tallest|steepest|deepest) (?:\w+ )?(?:place|point|spot|building|structure|floor|drop|bridge|roof|ledge|part of the (?:river|lake|bridge)|water)\b",
    ),
    # --- distress that only colours
    (
        "distress",
        "emptied",
        r"\bfe(?:el|els|eling|lt) (?:\w+ ){0,2}(?:empty|numb|hollow|nothing|worthless|useless|alone|trapped|unwanted|invisible|dead inside)\b|\b(?:cried|weep\w*|wept|sobb\w+|in tears)\b|\bi am (?:done|finished|through|tired of|sick of)(?: with)? (?:fighting|trying|pretending|struggling|hoping|holding on)\b|\bcan not (?:do|take|face|survive|go through) another (?:year|month|week|day|night|winter|birthday|christmas)\b",
    ),
)
