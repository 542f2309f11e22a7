"""What surrounds a risk: self-injury, despair, others, age and drink, questions about means and places, distress.

Contract: data, see ``_english``.
"""

# ruff: noqa: E501

from __future__ import annotations

AROUND: tuple[tuple[str, str, str], ...] = (
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
        r"\b(?:asking|question|asks?) (?:this )?for a friend\b|\b(?:(?:a )?friend of mine|(?:my|this|one|some) (?:\w+ )?(?:friend|cousin|roommate|classmate|colleague|mate|buddy|girl i know|guy i know)) (?:wants|wanted|would like|asked|is asking|wonders|wondered|is wondering)(?: \w+)? (?:to know|me to ask|if|whether|how)\b|\bhypothetical(?:ly)?\b|\bjust (?:curious|wondering)\b|\bout of curiosity\b|\bfor a friend\b",
    ),
)
