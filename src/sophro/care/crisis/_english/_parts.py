"""Groups of English words that the rules are built of; ``{NAME}`` in a rule is one of them.

Contract: data. Names of means are categories that people write themselves; nothing here says how.
"""

# ruff: noqa: E501

from __future__ import annotations

PARTS: dict[str, str] = {
    "WANT": r"(?:want(?:ed|ing|s)?|wish(?:ed|ing|es)?|hop(?:e|ed|ing)|need(?:ed|ing|s)?|long(?:ing|ed)?|crav(?:e|ing)|pray(?:ed|ing)?|ach(?:e|ing)|yearn(?:ing)?|"
    r"would rather|rather|prefer|would love|would like|ready|prepared|willing|deserve[ds]?|going|plan(?:ning|ned)?|decided|about|desire|urge|fantasi[sz]e|begging|beg|"
    r"tempted|intend(?:ing|ed)?|try(?:ing)?|tried|have|got|supposed|time|dream(?:ing)?|prefer|ought|choose|choosing|chosen|chose|like)",
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
}
