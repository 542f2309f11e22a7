"""Classes of words that the classifier reads beside the words themselves: a rope and a belt are both ROPE.

Contract: data. A word belongs to one class; a class is no verdict, only a feature whose weight is learnt. They let a
few thousand texts teach what holds for words that none of them uses.
"""

from __future__ import annotations

import re

ENGLISH: dict[str, str] = {
    "SELF": "i me my myself mine im ive",
    "YOU": "you your yours u yourself",
    "THIRD": "he she him her his hers they them their himself herself themselves someone somebody people who",
    "KIN": "friend friends brother sister mom mum mam mother dad father son daughter husband wife boyfriend girlfriend"
    " mate roommate flatmate housemate colleague coworker neighbour neighbor cousin uncle aunt nephew niece grandma"
    " grandad grandpa nan gran student pupil patient client teacher kid kids child children parents family partner ex"
    " classmate teammate baby girl boy",
    "PILLS": "pills pill tablets tablet meds medication medicine paracetamol ibuprofen painkillers insulin"
    " antidepressants capsules packet blister overdose overdosed dose doses prescription pesticide bleach poison"
    " swallowed swallow sleeping morphine",
    "BLADE": "knife blade blades razor razors scalpel wrists wrist veins vein cut cutting cuts bleeding blood slit",
    "ROPE": "rope noose belt knot cord hang hanging hanged beam rafters ligature neck",
    "GUN": "gun pistol rifle shotgun revolver trigger bullet bullets loaded ammo barrel shoot",
    "GAS": "gas exhaust charcoal garage hose engine fumes helium",
    "HIGH": "bridge roof rooftop ledge balcony window cliff edge railing storey floors tower jump jumping jumped drop"
    " overpass viaduct parapet barrier railings scaffolding",
    "TRACK": "train trains tracks track platform traffic motorway lorry truck tube railway crossing rails",
    "WATER": "river sea water waves reservoir lake canal drown drowning swim ocean pier harbour weir",
    "DEATH": "die dies died dying dead death suicide suicidal grave funeral coffin buried ashes cremated corpse heaven",
    "KILL": "kill killing killed kills unalive ctb kms",
    "END": "end ending ended ends finish over done stop stopping gone",
    "LIFE": "life live living lived alive exist existing existence born breathing breathe wake waking woke world",
    "SOON": "tonight now today tomorrow minutes minute hour hours midnight soon morning sunrise dawn already",
    "LATER": "week weekend month monday tuesday wednesday thursday friday saturday sunday birthday christmas summer",
    "FAREWELL": "goodbye bye farewell sorry forgive note notes letter letters last final forever will wills",
    "GIVE": "give giving gave given leave leaving left away sell sold passwords password rehome rehomed adopt keys"
    " instructions look",
    "PET": "dog cat dogs cats hamster rabbit horse bird puppy kitten",
    "PLAN": "plan plans planned planning decided decision date chosen choose ready prepared arranged sorted research"
    " searched search method methods way ways how",
    "BURDEN": "burden worthless useless failure nobody alone lonely hate pathetic broken waste ugly unlovable unwanted",
    "DESPAIR": "hopeless pointless numb empty exhausted tired drained despair crying cry cried depressed depression"
    " trapped escape unbearable pain hurts hurting suffering misery",
    "NOT": "not never no nothing without none",
    "TALE": "novel story stories character scene film movie song lyrics poem lyric book chapter plot play protagonist"
    " series episode translate translation sentence writing actor theatre",
    "GAME": "game games boss level raid minecraft player respawn chess team match npc quest dungeon match score",
    "CODE": "process server code python function thread bug container linux parent script database app laptop phone",
    "WORK": "work homework exam exams essay deadline deadlines project meeting job thesis presentation shift manager",
    "FUN": "lol lmao haha hahaha hah joke funny laughing omg rofl jk",
    "FOOD": "coffee cake pizza chocolate hungry dinner recipe cook eat ate lunch tea food kitchen oven cheese",
    "CARE": "doctor surgery hospital nurse vet symptoms prescribed cancer chemo therapist therapy counsellor clinic gp",
    "SPORT": "gym run running climb climbing marathon football training hike ski diving bungee swim bike race",
    "NEWS": "article news study statistics policy history documentary report rates prevention museum law",
}
CHINESE: dict[str, str] = {
    "SELF": "我 自己 俺 本人",
    "YOU": "你 您",
    "THIRD": "他 她 他们 她们 有人 别人",
    "KIN": "朋友 同学 室友 舍友 闺蜜 同事 弟 妹 哥 姐 妈 爸 儿子 女儿 孩子 老公 老婆 丈夫 妻子 男友 女友 学生 奶奶 爷爷"
    " 外婆 外公 姥姥 邻居 前任 父母 家人 来访者 患者 病人 老师 爹 娘",
    "PILLS": "药 安眠药 药片 药瓶 农药 老鼠药 吞 安定 头孢 止痛片 过量 敌敌畏",
    "BLADE": "刀 刀片 美工刀 剪刀 割 手腕 动脉 血 划",
    "ROPE": "绳 绳子 上吊 吊 皮带 勒 房梁 套 脖子",
    "GUN": "枪 子弹 扳机",
    "GAS": "炭 烧炭 煤气 尾气 燃气",
    "HIGH": "桥 天台 楼顶 顶楼 阳台 窗 窗台 跳 栏杆 护栏 悬崖 高楼 往下",
    "TRACK": "铁轨 火车 地铁 轨道 卧轨 站台 高速 卡车",
    "WATER": "江 河 海 湖 水库 淹 投江 跳河 跳江",
    "DEATH": "死 自杀 轻生 去世 坟 葬 骨灰 遗体 遗照 棺材 寿衣 自鲨 紫砂 zs 黄泉 阎王",
    "END": "结束 了结 解脱 离开 消失 走了 告别人世 下线 关机 了断",
    "LIFE": "活 活着 活下去 命 生命 人生 世界 人间 醒 出生 下辈子 来世 来生 存在",
    "SOON": "今晚 今天 现在 马上 明天 零点 凌晨 分钟 小时 刚 已经 待会 一会 天亮 这就",
    "LATER": "下周 周末 月底 生日 年底 过年 之后 以后 下个月 高考完",
    "FAREWELL": "再见 永别 告别 遗书 绝笔 遗嘱 对不起 保重 最后 原谅 不用等我 别找我",
    "GIVE": "送 留给 托付 密码 交代 安排 照顾 领养 银行卡 卖 收拾 清空 注销 删",
    "PET": "猫 狗 鱼 宠物 仓鼠",
    "PLAN": "计划 打算 决定 准备 想好 方法 方式 办法 怎么 日子 选 查 攒",
    "BURDEN": "累赘 负担 拖累 没用 废物 多余 不配 没人 孤独 讨厌 垃圾",
    "DESPAIR": "绝望 没意思 没意义 撑不 熬 累 痛苦 崩溃 哭 抑郁 麻木 难受 逃 看不到 希望 疼",
    "NOT": "不 没 别 无",
    "TALE": "小说 故事 主角 剧本 电影 歌 歌词 台词 书 角色 诗 剧 翻译 作文 漫画",
    "GAME": "游戏 副本 队友 复活 排位 王者 玩家 关卡 团战 狼人杀",
    "CODE": "进程 代码 程序 服务器 线程 电脑 手机 系统 脚本 bug",
    "WORK": "作业 论文 加班 考试 期末 上班 老板 甲方 方案 会议 工作 项目",
    "FUN": "哈哈 笑 嘿嘿 233 hhh 好玩 段子 梗",
    "FOOD": "吃饭 火锅 烧烤 奶茶 菜 饿 饭 面 锅 辣 肉",
    "CARE": "医生 医院 手术 治疗 症状 护士 病 咨询师 兽医",
    "SPORT": "跑步 健身 爬山 蹦极 游泳 比赛 训练 钓鱼 攀岩 滑雪",
    "NEWS": "新闻 报道 论文 研究 统计 历史 法律 科普 数据",
}


def _index(classes: dict[str, str]) -> dict[str, str]:
    return {word: name for name, words in classes.items() for word in words.split()}


ENGLISH_OF = _index(ENGLISH)
CHINESE_OF = _index(CHINESE)
#: Longer words first, so that 安眠药 is not read as 药.
CHINESE_WORDS = re.compile("|".join(sorted(map(re.escape, CHINESE_OF), key=len, reverse=True)))
