"""Wide nets: what the other rules say exactly, said in other ways. Contract: data, see ``_english``."""

# ruff: noqa: E501

from __future__ import annotations

NETS: tuple[tuple[str, str, str], ...] = (
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
        r"(?:^|[.!?,;] ?|\band )\W{0,40}(?:took|swallowed|downed|popped|finished|ate|had taken) (?:\w+ ){0,4}?(?:{PILLS}|them all|all of them|bottle)\b|\b(?:gas|oven) (?:is|are) (?:\w+ )?(?:on|open|running|hissing|filling \w+ \w+)(?: now)?\b(?! (?:sale|my|the|a|empty|order|fire|back|low|high|at \d|\d+|e|but|so|for|in my|your)\b)|\bthe (?:pills|whole bottle|bottle) (?:is|are) (?:gone|empty|inside me)\b|\b(?:too late|it is done|i did it|i have done it|done it)\b",
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
        r"\b(?:lined|laid|counted|poured|dumped|spread|emptied|sorted|set) (?:up |out )?(?:all )?(?:the |my |these |them |of )*(?:{PILLS}|them)\b|\b(?:next to|beside|by|near|under|behind|in front of) (?:the |my )(?:keyboard|laptop|pillow|phone|bed|computer|tv|chair|hand|plate|sink)\b|\b(?:{PILLS}|{BLADE}|{ROPE}|razors?) (?:(?:is|are|all|already|now|neatly) ){0,3}(?:counted|lined|laid|poured|spread|sorted|measured|crushed|tied|hung|set) (?:up|out|ready)\b|\b(?:loaded|cocked) (?:\w+ )?{GUN}|\brope (?:is )?(?:on|over|from|around) (?:the |a )?(?:beam|rafters?|fan|branch|pipe|ceiling|tree|bar|hook|door|rail)|\bchair (?:is )?(?:under|below|beneath)",
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
        "plan",
        "enough",
        r"\benough (?:\w+ )?{PILLS}\b(?! (?:for (?:the|a|my|this|two|three)|left for|at home for))|\bi know how\b(?=\W*$| to (?:do it|die|end)| and (?:when|where))|\b(?:i have|i've|i) (?:\w+ )?set (?:a|the|my) date\b(?! (?:for (?:the|our|my) (?:wedding|party|meeting|exam|trip|surgery)|with))",
    ),
)
