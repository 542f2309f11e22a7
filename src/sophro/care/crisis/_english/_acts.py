"""What is done or about to be done: plan, preparation, goodbye, an attempt, means at hand, the hour.

Contract: data, see ``_english``.
"""

# ruff: noqa: E501

from __future__ import annotations

ACTS: tuple[tuple[str, str, str], ...] = (
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
        r"\b(?:wr(?:ites?|ote|iting|itten)|typ(?:e|ed|ing)|draft(?:ed|ing)?|leav(?:e|ing)|left|finish(?:ed|ing)?|sign(?:ed|ing)?|working on|record(?:ed|ing)?|made|mak(?:e|ing)|compos(?:e|ing|ed)|prepar(?:e|ed|ing)|sent|send(?:ing)?|help me (?:with|write)|done with|sealed|have) (?:\w+ ){0,4}(?:suicide|goodbye|farewell|good ?bye|final|last) (?:\w+ )?(?:notes?|letters?|messages?|video|words|texts?|emails?|goodbyes?|post|voice ?(?:note|memo|mail))\b(?! (?:to (?:my )?(?:colleagues|coworkers|team|boss)|for (?:my |the )?(?:colleague|coworker|boss|teacher|team|retir\w+|job|office)|at work))",
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
        r"\b{MEANS}(?: (?:is|are|counted|laid|poured|tied|set|spread|right|all|sitting|lying|lined|lies|laid|ready|hidden|here|out|already|that i|i|have|been|saved|bought|in))* (?:\w+ )?(?:in front of me|next to me|beside me|with me|in my (?:hands?|lap|drawer|room|bag|car|closet|pocket|backpack|nightstand|desk|bathroom|purse|house)|on (?:the|my) (?:table|bed|desk|counter|floor|nightstand|lap)|by my (?:side|bed)|right here|ready|at hand|under my (?:bed|pillow|mattress)|within reach|loaded|prepared|set up|in (?:the|my) (?:garage|closet|attic|cabinet|glovebox|house|home|trunk|basement))\b",
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
)
