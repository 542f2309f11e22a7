"""Words of other languages: enough to tell them from English, and the stems that speak of suicide.

Own work, and small on purpose: commonest words, and per language a few stems that mean nothing else. They know no
negation, no other person and no figure of speech.
"""

# ruff: noqa: E501

from __future__ import annotations

# Commonest words of a language that are no words of English, no syllables of pinyin and seldom parts of names.
WORDS = {
    "es": "y una por para pero estoy muy como qué está porque cuando también hay todo nada siempre ahora hoy hola "
          "gracias soy eres más sí tengo quiero puedo hacer sus esta este mucho bien día mañana bueno dónde cómo creo "
          "gusta eso algo mejor trabajo ir ayer noche esto él nosotros buenos buenas días amigo amigos ayuda necesito "
          "puede donde porqué vida vivir",
    "fr": "je elle nous vous ils suis une dans pas avec qui mais très ça où être avoir fait bonjour merci ses tout "
          "bien aussi cette c'est j'ai aujourd'hui hier demain alors parce quand sont au aux peux veux toujours "
          "jamais rien quelque beaucoup mon leur été faire dire voudrais aime moi toi lui",
    "de": "ich nicht ist ein eine der auf für sich auch noch mir mich dich aber oder wenn dass schon sehr heute "
          "morgen gestern habe haben sind wir sie ihr kann können möchte mein meine kein keine immer nur mehr alles "
          "nichts danke guten über nach aus zum zur es wird werden wieder dann weil gibt leben diese",
    "pt": "não uma para por mas estou muito você eu meu minha isso está também quando porque hoje ontem amanhã "
          "obrigado obrigada olá sim mais nada tudo sempre nunca tenho quero posso fazer foi são ele ela nós dos pelo "
          "pela bem bom agora aqui gosto depois ainda já vou vida meus minhas",
    "it": "non con una sono ho è anche molto perché quando oggi domani ieri grazie ciao cosa mio questo questa tutto "
          "niente sempre bene voglio posso fare essere della dello degli delle nel alla gli più così adesso ancora "
          "dopo lavoro giorno abbiamo siamo stato vita quello puoi quale senza nella dove qualcuno anni vorrei potrei sua loro",
    "nl": "ik het een niet dat zijn voor maar ook nog wel heb hebben bent jij wij zij mijn jouw geen wat waar hoe "
          "vandaag morgen gisteren altijd nooit alles niets goed graag omdat naar bij uit mij deze veel dank leven "
          "wil meer",
    "pl": "jest się że jak tak ale czy mam jestem bardzo dzień dobry dzięki dziękuję co gdzie kiedy dlaczego dzisiaj "
          "jutro wczoraj zawsze nigdy wszystko nic mój moja przez przy dla od już jeszcze tylko może chcę mogę żeby "
          "życie",
    "tr": "bir için çok ama değil yok nasıl neden bugün yarın dün şey hiç benim senin merhaba teşekkürler evet hayır "
          "istiyorum iyi gibi daha olarak bana şimdi sonra kadar olan hayat",
    "id": "tidak saya aku kamu ini itu dengan untuk dari sudah belum akan bisa apa bagaimana kenapa hari besok "
          "kemarin selalu semua terima kasih selamat karena juga sangat lagi ingin banyak hidup sekarang mereka",
    "vi": "không là của và một được trong người với các những cho này khi đã để tôi bạn rất như sẽ nhưng cũng gì nào "
          "vì hôm nay ngày cảm ơn chào muốn có thể đi làm nhiều",
    "sv": "och att det som är på inte för ett vad varför idag igår imorgon alltid aldrig hej mycket också när mitt "
          "livet mår",
    "sw": "kwa katika hii hiyo lakini pia kama habari asante kesho mimi wewe yeye sisi nina nataka kila siku maisha "
          "watu mtu gani kwenye nini jinsi kwamba kuhusu wangu unaweza ninaweza ninawezaje yangu",
    "tl": "mga hindi ikaw siya tayo sila ito iyon kung pero dahil para naman salamat opo bakit paano gusto ngayon "
          "bukas kahapon lahat wala mayroon buhay",
}  # fmt: skip
# Commonest words too, which might be a name, pinyin or English: they count beside one of the above.
BESIDE = (
    "de la le di da un il lo el los las del en con se te mi ti si les du des au al per ma come su tu mes mis von "
    "van den dem das die der man het ik is om op er na ya wa ni za dan ke ada bu ne ben ki em os as do dos no jag "
    "har till var ang po ko mo at sa che dei nei ng nie que xin yang yo zu"
)
ENGLISH = (
    "a about above after again all almost already also always am an and another any anyone anything are around as "
    "ask at away back bad be because been before being best better between big bit both but by call came can cannot "
    "cant come could day days dear did didnt do does doesnt doing don done dont down each else end enough even ever "
    "every everyone everything face fact family far feel feeling feels felt few find fine first for found friend "
    "friends from full fun get gets getting girl give go goes going gone good got great guess had half hand happened "
    "happy hard has hate have havent having he head hear heard hello help her here hey hi him his hold home hope "
    "house how i id if ill im in inside into is isnt it its ive job just keep kept kid kill kind know last late "
    "later leave left less let life like little live living long look looking lot love made make makes man many may "
    "maybe me mean mind mine miss mom money more morning most mother much must my myself name need never new next "
    "nice night no not nothing now of off often oh ok okay old on once one only open or other our out over own part "
    "people person place play please pretty put quite rather read real really right said same saw say saying school "
    "see seem seems seen she should show since sit sleep so some someone something sometimes soon sorry still stop "
    "such sure take talk tell than thank thanks that thats the their them then there these they thing things think "
    "this those though thought three through time times tired to today together told tomorrow tonight too took tried "
    "true try trying turn two under until up us use used very wait walk want wanted wants was watch way we week well "
    "went were what when where which while who whole why will wish with without wont work world worse would write "
    "wrong year years yes yet you your"
)  # fmt: skip

# Language, stems that count in any message, and stems that count where the message is in another language than English
# and Chinese. Read in lower case, with accents as written or left out. Not wanting to live somewhere, or with somebody,
# is none of them, and dying of laughter or shame is none.
STEMS: tuple[tuple[str, str, str], ...] = (
    (
        "es",
        r"suicid(?:arme|arse|io)\b|quitarme la vida|(?:acabar|terminar) con mi vida|(?:quiero|quisiera|deseo|ganas de) "
        r"morir(?:me)?\b(?! de (?:risa|verguenza|amor|calor|hambre))|(?:voy a|quiero) matarme|no quiero seguir viviendo|"
        r"no quiero vivir(?! (?:en|con|aqui|alli|ahi|solo|sola)\b)",
        r"suicid",
    ),
    (
        "fr",
        r"\b(?:me|se) suicider|(?:veux|voudrais|envie de) me tuer|(?:envie de|veux|voudrais) mourir(?! de (?:rire|honte))|"
        r"en finir avec (?:la|ma) vie|mettre fin a (?:mes jours|ma vie)|"
        r"(?:veux|envie de) plus vivre(?! (?:ici|a|en|avec|chez|dans)\b)|plus envie de vivre(?! (?:ici|a|en|avec|chez|dans)\b)",
        r"suicid",
    ),
    (
        "de",
        r"selbstmord|suizid|mich um(?:zu)?bringen|ich bringe? mich (?:\w+ )?um(?=\s*(?:[.,!?;…]|$))|"
        r"(?:will|mochte|moechte) (?:\w+ )?sterben|mir das leben (?:zu )?nehmen|(?:will|mochte|moechte) nicht mehr leben|"
        r"nicht mehr leben (?:will|mochte)",
        r"freitod",
    ),
    (
        "pt",
        r"suicidar\b|suicidio\b|(?:quero|vou|queria|penso em|pensando em) me matar(?! de )|"
        r"(?:quero|queria|vontade de) morrer(?! de )|tirar (?:a )?minha (?:propria )?vida|acabar com (?:a )?minha vida|"
        r"nao quero mais viver(?! (?:em|com|aqui|no|na)\b)",
        r"suicid",
    ),
    (
        "it",
        r"suicid(?:armi|arsi|io)\b|(?:voglio|vorrei|voglia di) (?:morire(?! (?:dal|dalla|di)\b)|uccidermi|ammazzarmi)|"
        r"togliermi la vita|(?:voglio|vorrei) farla finita(?! con)|non voglio (?:piu )?vivere(?! (?:qui|a|in|con|da)\b)",
        r"suicid",
    ),
    (
        "ru",
        r"самоуб[иі]|суицид|поконч\w{1,4} с соб|покончить с жизнью|уб(?:ить|ью) себя|хоч(?:у|ется) (?:умереть|сдохнуть)|"
        r"(?:умереть|сдохнуть) хоч|не хоч(?:у|ется) (?:больше )?жить(?! (?:в|с|здесь|там|тут|один|одна|на)\b)",
        "",
    ),
    (
        "ar",
        r"انتحار|انتحر|اقتل نفسي|(?:اريد|عايز|عايزه|عاوز|بدي|ابغي|ابغى|ابي|اتمني|اتمنى) (?:ان )?اموت|"
        r"(?:انهي|انهاء) حياتي|لا اريد (?:ان )?اعيش(?! (?:في|مع|هنا|هناك))",
        "",
    ),
    (
        "hi",
        r"आत्महत्या|ख\u093c?ुदकुशी|मर(?:ना| जाना) चाहत|जीना नहीं चाहत|जान देना चाहत|"
        r"a+tma ?hatya|khudkushi|\bmar(?:na| jana) chaht|jeena nahi chaht",
        "",
    ),
    (
        "ja",
        r"死にた(?:い|く(?!な(?:い|か))|かった)|しにたい(?![せし])|死のうと|死んでしまいたい|命を絶|自殺(?:し|する|を|が)|"
        r"消えてしまいたい|生きていたくない|生きたくない|もう生きられない",
        r"自殺",
    ),
    (
        "ko",
        r"자살(?!골)|죽고 ?싶(?!지 ?않)|죽어 ?버리고 ?싶|(?<!서 )살고 ?싶지 ?않|(?<!서 )살기 ?싫|목숨을 ?끊",
        "",
    ),
    (
        "tr",
        r"\bintihar|kendimi oldur|olmek istiyorum|(?<!d[ae] )(?<!t[ae] )yasamak istemiyorum|can[ıi]ma k[ıi]y",
        "",
    ),
    (
        "id",
        r"\bbunuh diri|\b(?:ingin|pengen|pingin) mati\b|mengakhiri hidup|tidak ingin hidup(?! (?:di|dengan|bersama)\b)",
        "",
    ),
    # One word for suicide each; nobody here could write the reply.
    (
        "",
        r"خودکشی|خودكشي|samob[oó]jstw|\bzelfmoord|самогубств|tự tử|tự sát|muốn chết|ฆ่าตัวตาย|อยากตาย|আত্মহত্যা|"
        r"selvmord|sjalvmord|αυτοκτον|להתאבד|התאבדות|kujiua|magpakamatay",
        "",
    ),
)
