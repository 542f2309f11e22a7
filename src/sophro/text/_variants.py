"""Traditional characters mixed into simplified text.

Contract: text that is consistently traditional is not a disguise and stays; only text that also holds
characters that exist in simplified script alone is converted, character by character. A traditional
character inside a word that simplified script writes so (乾隆, 瞭望) stays.
"""

from __future__ import annotations

from functools import cache

from sophro.text._align import Edit
from sophro.text._index import vocabulary
from sophro.text.tables import to_simplified, to_traditional

# Simplified forms that are characters of traditional script as well: no evidence for either script.
_BOTH = frozenset(
    "后里面干台松云斗丑了家才几出卷只冲准余克别制困表致谷郁岳姜曲卜板布范丰胡回汇伙借咸向万与丢于亏仆价仇伞体"
    "余佣冬卒卤厂厘升参叶合吁吃吊吓听吨咽周哄喂坛坏坝夫夸妆姊嫩宁宝宫寓尸尽岩帘席幸庄庵弥当征御志怀怜恤戚扎托"
    "折抵拐挂挽捍捐据摆斤旋无晒晾暗暖术朱朴机权杆杰极构栖栗核梁案棱椅檐欲歪气汗污沈沾泛注洒淀涂涌游漓灶炉"
    "熏爷牵犹猪玩璃瓮症痒瘫癫发皂盆盖着睁碍种秋秘稻筑签粘系累纤绷罢群肴胜胡脏腊腌舍艳苏苹茧荐荡药获蒙虫蜡蝎"
    "蟹衔衬裸见觉触计证让讲许谜豆赞赶踊踪迹适选遏那郑醉采钟针铺锈镜闲阀防阴隶雕霉静韵须食饥饭馆鱼鲜鸡黄齐"
    "么为伪佛你她他它咱妳旁沉没游线群腳吊吃唇够够奸妒秃秘"
)


@cache
def _traditional_only() -> frozenset[str]:
    return frozenset(c for c in to_simplified() if c not in to_traditional() and c not in _BOTH)


@cache
def _simplified_only() -> frozenset[str]:
    back = to_simplified()
    return frozenset(c for c, t in to_traditional().items() if back.get(t) == c and c not in back and c not in _BOTH)


def variant_edits(text: str) -> list[Edit]:
    """Return the edits that write mixed text in simplified script; none for text in one script."""
    if text.isascii():
        return []
    only = _traditional_only()
    places = [i for i, c in enumerate(text) if c in only]
    if not places or not any(c in _simplified_only() for c in text):
        return []
    words = vocabulary()
    return [
        Edit(i, i + 1, to_simplified()[text[i]])
        for i in places
        if text[i : i + 2] not in words and text[max(0, i - 1) : i + 1] not in words
    ]
