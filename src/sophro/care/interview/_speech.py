"""What the interviewer says beside the questions of the trees, in English and Chinese.

Contract: no disorder is named, nothing is promised that the software cannot do, and the person can always stop. What
has to be said about risk is the crisis layer's.
"""

from __future__ import annotations

from collections.abc import Mapping

OPENING: Mapping[str, str] = {
    "en": (
        "Hello. I am a computer program, not a person. I will ask you a number of questions about how you have been, "
        "one at a time. What you write is meant for a clinician to read; it is no diagnosis. You may leave out any "
        "question, and you can stop at any time by writing: stop."
    ),
    "zh": (
        "您好。我是一个电脑程序，不是真人。我会一个一个地问您一些关于近况的问题。您写的内容是给专业人员看的，"
        "这不是诊断。任何问题您都可以不回答，随时写“停止”就可以结束。"
    ),
}
SUPPORT: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Thank you for telling me. That takes courage, and it matters.",
        "I hear you, and I am glad that you say it here. You do not have to carry this alone.",
        "Thank you for being so open about it.",
    ),
    "zh": (
        "谢谢您告诉我。说出来需要勇气，这很重要。",
        "我听到了，很高兴您愿意在这里说出来。您不必一个人承受。",
        "谢谢您这么坦诚。",
    ),
}
EMPATHY: Mapping[str, tuple[str, ...]] = {
    "en": ("That sounds hard.", "I am sorry that it has been like this.", "Thank you for telling me."),
    "zh": ("听起来很不容易。", "这段时间一定很难受。", "谢谢您告诉我。"),
}
# What is missing in an answer -> what precedes the question when it is asked again.
CLARIFY: Mapping[str, Mapping[str, str]] = {
    "en": {
        "answer": "I did not get an answer.",
        "frequency": "Thank you. To note it rightly, I need to know roughly how often.",
        "when": "Thank you. I only need to know roughly when.",
        "self": "Thank you. I would like to hear how it is for you yourself.",
        "understanding": "Of course, let me say it in other words.",
        "language": "I am sorry, I can only follow English and Chinese.",
        "topic": "Thank you. Let me come back to my question.",
        "decision": "Thank you. I am not sure that I understood you rightly.",
    },
    "zh": {
        "answer": "我没有收到回答。",
        "frequency": "谢谢。为了记录准确，我想知道大概有多经常。",
        "when": "谢谢。我只需要知道大概是什么时候。",
        "self": "谢谢。我想听听您自己的情况。",
        "understanding": "当然，我换个说法。",
        "language": "抱歉，我只能看懂中文和英文。",
        "topic": "谢谢。我们回到刚才的问题。",
        "decision": "谢谢。我不确定是否理解对了。",
    },
}
HOSTILE: Mapping[str, str] = {
    "en": "I can tell that you are upset. You can stop at any time.",
    "zh": "我感觉到您有些生气。您随时可以停止。",
}
PROBING: Mapping[str, str] = {
    "en": "I cannot show or change how these questions work, but you can leave any of them out or stop.",
    "zh": "我不能展示或改变这些问题的安排，但您可以跳过任何一个，或者停止。",
}
REFUSAL: Mapping[str, str] = {"en": "That is all right, we leave it out.", "zh": "没关系，我们跳过这个。"}
CLOSING: Mapping[str, Mapping[str, str]] = {
    "en": {
        "fine": (
            "Thank you, these were all my questions. Your answers do not point to anything that needs help right now. "
            "If that changes, or if you are worried, please do talk to somebody."
        ),
        "talk": (
            "Thank you, these were all my questions. Your answers suggest that it could help to talk with a doctor or "
            "a counsellor about how you have been."
        ),
        "talk_soon": (
            "Thank you for answering all of this. Your answers suggest that it would help to talk with a doctor or a "
            "counsellor soon, in the next days, about how you have been. You can show them what you wrote here."
        ),
        "urgent": (
            "Thank you for telling me. What you said is important, and a person should hear it today. Please contact "
            "one of the places above now, or tell somebody close to you, and stay with them."
        ),
        "stopped": "All right, we stop here. Thank you for your time. You are welcome to come back.",
        "left": "",
    },
    "zh": {
        "fine": "谢谢，问题都问完了。您的回答没有显示现在需要帮助的地方。如果情况有变化，或者您有担心，请找人谈一谈。",
        "talk": "谢谢，问题都问完了。从您的回答看，和医生或咨询师谈谈近况可能会有帮助。",
        "talk_soon": (
            "谢谢您回答了这么多。从您的回答看，最近几天内尽快和医生或咨询师谈谈会有帮助。"
            "您可以把这里写的内容给他们看。"
        ),
        "urgent": (
            "谢谢您告诉我。您说的很重要，今天就应该有人听到。"
            "请现在联系上面的任何一处，或者告诉身边的人，并和他们待在一起。"
        ),
        "stopped": "好的，我们就到这里。谢谢您的时间，欢迎随时回来。",
        "left": "",
    },
}
# After the answer to the crisis layer's question, before the tree's next one.
ONWARD: Mapping[str, str] = {
    "en": "Thank you for answering that. I go on with my questions; you can stop at any time.",
    "zh": "谢谢您的回答。我接着问，您随时可以停止。",
}
STAY: Mapping[str, tuple[str, ...]] = {
    "en": (
        "I stay here with you. Is somebody with you, or can you go to somebody now?",
        "Have you been able to call, or to tell somebody?",
        "What would make the next hour safer for you?",
    ),
    "zh": (
        "我在这里陪着您。现在有人在您身边吗，或者您可以去找谁吗？",
        "您打电话了吗，或者告诉谁了吗？",
        "怎样能让接下来的一个小时更安全一些？",
    ),
}
