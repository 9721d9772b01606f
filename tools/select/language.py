"""The language of a request: by its script, otherwise by its function words; what is not surely foreign is English."""

from __future__ import annotations

import re

from ...core.words import STOP

#: languages that the glossary knows, as its columns have them
LANGUAGES = ("de", "fr", "es", "pt", "it", "nl", "pl", "ru", "tr", "zh", "ja", "ko")
#: those that are written without spaces between words, or with what stands in English as a word glued to them
UNSPACED = ("zh", "ja", "ko")

#: words of each language that say nothing of what is asked for; an English gloss does without them
FUNCTION = {
    "de": "der die das den dem des ein eine einen einem einer eines ich du er sie es wir ihr mich dich sich ihm ihn"
    " ihnen mein meine meinen meinem meiner dein deine ist sind war waren wird werden wurde hat haben habe hätte sein"
    " kann kannst können könnt könnte könntest möchte möchten will wollen würde soll sollen muss mag bitte gerne mal"
    " auch noch nur schon dass ob wenn weil da hier dort an am als beim durch gegen um unter vor welche welcher"
    " welches welchen diese dieser dieses diesen jede jeder jedes alle etwas ihre ihren seine brauche benötige danke"
    " hallo lass lassen doch sehr mehr aber davon dazu daraus gibt los ab zurück deren dessen wissen und mir uns von"
    " vom zum zur zu für mit nach wie im ins über ohne zwischen oder nicht kein keine keinen bis aus auf"
    " einschließlich jeweils bei bin mehrere mehreren verschiedene verschiedenen zuerst zunächst erstens zweitens"
    " drittens zuletzt schließlich schluss ende jedoch sowie andere anderen solche euch unser unsere damit dabei"
    " einige einigen paar hilf brauchen benötigen weitere jeweiligen entsprechenden daran darauf insbesondere etwa"
    " gern zwar innerhalb würden wäre wären jemand alles",
    "fr": "le puis ensuite en la les l d un une de du des je tu il elle on nous vous ils elles j c n s t m qu ce cet"
    " cette ces se sa ses son ta tes ton leur leurs est sont été être suis ai a as avons avez ont avoir peux peut"
    " pouvez pourriez pourrais peut-être voudrais veux veut voulez aimerais souhaite souhaiterais s'il plaît que qui"
    " dont ne y plus très bien merci bonjour besoin faut si ainsi par toi lui chaque moins donc quelle quelles quels"
    " sur via svp et pour dans avec où comment quel mon ma mes moi ou pas sans au aux entre abord enfin finalement"
    " premièrement deuxièmement troisièmement dois doit devons voulons pouvons plusieurs certains certaines quelques"
    " autre autres différents différentes suivantes suivants vers chez tout tous toute lors afin notamment"
    " particulier cela ça serait seraient fois soit moi-même mêmes même selon eux",
    "es": "el luego después la los las un una unos unas de del lo le les se te tu tus su sus yo él ella usted es son"
    " está están ser estar fue ha han he haber hay tiene tienen tengo que cual puedes puede podrías podría pueda"
    " quiero quisiera quiere gustaría necesito necesita favor si como más muy este esta estos estas ese esa eso"
    " gracias hola por porque ya pero cada cuyo cuya también así entonces haya sea sean vez y para con cómo cuál"
    " cuáles cuánto dónde mi mis en sin sobre entre primero segundo tercero último finalmente varios varias algunos"
    " algunas algún alguna otro otra otros otras distintos distintas diferentes siguiente siguientes debe debo"
    " podemos queremos nos sería estaría concreto cuando donde según hacia cuyos soy eres somos ayúdame",
    "pt": "o a os as um uma uns umas de do da dos das que se te lhe eu ele ela você vocês nós seu sua seus suas é são"
    " está estão ser estar foi tem têm tenho há pode poderia podes queria quero quer gostaria preciso precisa favor"
    " por como mais muito este esta esse essa isso isto obrigado obrigada olá ou pelo pela num numa já mas cada aos"
    " às à ao me sobre também então e para com onde meu minha meus em na nas sem qual quais entre primeiro segundo"
    " terceiro último finalmente vários várias alguns algumas algum alguma outro outra outros outras diferentes"
    " seguinte seguintes deve devo podemos queremos nos seria estaria quando sou somos ajude ajuda",
    "it": "il poi lo la i gli le l un uno una di del dello della dei degli delle al dal nel che io tu lui lei noi voi"
    " si ti vi è sono era essere stato ha hanno ho hai avere c può puoi potresti potrebbe vorrei voglio vuole mi"
    " piacerebbe bisogno favore per cortesia se come più molto questo questa questi queste quel quella grazie ciao ne"
    " su sul sulla suo sua suoi loro ogni gentilmente dell nell all dall sull dammi fammi e ed con dove mio mia da"
    " dalla nella nelle tra senza prima primo secondo terzo infine ultimo vari varie alcuni alcune altro altra altri"
    " altre diversi diverse seguente seguenti devo deve possiamo vogliamo ci sarebbe quando siamo aiutami mie miei",
    "nl": "de het een ik je jij u hij zij ze we wij jullie mijn jouw uw zijn haar is was waren wordt worden heeft"
    " hebben heb had kan kun kunt kunnen zou zouden wil willen wilt moet graag alstublieft alsjeblieft dat die dit"
    " deze er hier daar om te aan bij door als dan maar ook nog wel eens even welk welke nodig bedankt hallo hun hem"
    " of mag en voor met naar van hoe waar wat zonder tussen eerst ten eerste tweede tweedens derde tenslotte slotte"
    " laatste verschillende enkele andere volgende moeten ons onze wanneer bent ben",
    "pl": "jest są był była było być się mi mnie moje moja mój twoje ten ta to te tego tej tych tym tę czy że żeby"
    " aby proszę prosze chcę chce chciałbym chciałabym potrzebuję potrzebuje możesz może mógłbyś mogę ma mam mają ja"
    " ty on ona jego jej ich u po przez przy pod nad dziękuję cześć bardzo też także który która które jako sobie"
    " mogłabyś mogłbyś a i z w na do dla oraz od lub jak gdzie najpierw pierwsze drugie wreszcie koniec kilka kilku"
    " różne różnych inne innych następujące muszę możemy chcemy nam nasz kiedy jestem",
    "ru": "я ты он она мы вы они это этот эта эти этого этой мне мой ли бы же и в на не по к у за при со во нужно"
    " надо хочу хотел хотела хотелось можешь можете мог могли пожалуйста есть быть был была было были чтобы если"
    " который которая которые которых его ее её их нам вам тебе свой свою своего очень так там тут здесь спасибо"
    " привет помогите давай для какие-нибудь мою еще ещё уже сначала наконец во-первых во-вторых в-третьих первое"
    " второе нужен нужна нужны несколько нескольких разных разные других другие следующие следующих после этим этих"
    " этому нас наш наша наших нашей является когда своих мои моих частности именно помощь помоги хотим хотели будет"
    " как можем друг",
    "tr": "bir bu şu o ben sen biz siz onlar ve de da mi mı mu mü için ile lütfen istiyorum isterim ister misin"
    " misiniz mısın mısınız musun musunuz olan olarak var yok çok daha gibi her ki bana benim senin onun diye olsun"
    " olur ihtiyacım gerekiyor lazım şunu bunu eder edebilir nasıl hakkında önce ilk son birkaç çeşitli diğer bazı"
    " bunun gerek bizim bize ilgili sonra",
    "zh": "请 给我 请你 请帮我 帮我 帮忙 请问 我想 我要 我需要 想要 需要 你能 能否 能不能 可以 可不可以 一下 吗 呢 吧"
    " 的 了 是 在 我 你 您 他 她 它 们 这 那 这个 那个 把 被 给 用 使用 进行 一个 一些 有 会 要 想 能 也 都 就 上 中"
    " 里 及 谢谢 你好 如果 因为 所以 其 该 将 向 对 并 以 之间 下 个 位 名 为 一家 家 一张 一本 一部 一首 一封 一条"
    " 一份 张 本 部 首 之 以及其 每 各 其中 或 首先 最后 其次 第一 第二 第三 几个 以下 不同 某个 某 一位 一所 一座"
    " 一种 一句 关于 如下 由 从 之后 以便 具体 最好 正在",
    "ja": "ください 下さい 私 お願い 願 いたします したい です ます ある 方 件 個 様 用 お ご 御 等 目 他 まず 最後"
    " 1つ目 2つ目 最初 いくつか いくつかの 次の さまざまな 様々 必要 予定 特に 主 例えば",
    "ko": "해줘 해주세요 주세요 주실 수 있나요 있어요 있는지 있는 해 하고 싶어요 싶습니다 싶어 나는 저는 제 저에게"
    " 나에게 그 이 저 것 및 좀 를 을 은 는 가 의 에 에서 로 으로 와 과 도 만 입니다 합니다 필요해요 필요합니다 부탁해"
    " 부탁드립니다 원해요 원합니다 먼저 마지막 마지막으로 첫째 둘째 몇 여러 다음 필요",
}
# Words by which an English request is known, beside the function words: a foreign one seldom has any.
_ENGLISH = STOP | frozenset(
    "please my your our me us find get show give need want like make list search check tell calculate provide"
    " retrieve create generate book send convert translate using use help know let i'm i'd am im what's between"
    " within new current latest information data details name user number price weather news image video city game"
    " player team music time access update delete add analyze recommend suggest buy order plan see look fetch compare"
    " play set turn is top best id api code email password account file text message by on".split()
)
# Those of them that no other language writes alike.
_SURE = _ENGLISH - frozenset(
    "a i an as at in is on to me no do so am was he we per by or of die all over under api code id text name video"
    " game team plan set top email user account play password list music data best date war has her most some such"
    " want".split()
)
_LETTERS = {
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "ko": re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "zh": re.compile(r"[\u3400-\u9fff]"),
}
# Letters that only one of the languages has.
_OWN = {
    letter: one
    for one, letters in {"de": "ß", "es": "ñ", "pt": "ãõ", "pl": "łżśćńąęź", "tr": "ğşı", "fr": "œêû"}.items()
    for letter in letters
}
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|`[^`]*`|「[^」]*」|https?://\S+")
_LATIN = re.compile(r"[A-Za-z]")
_WORD = re.compile(r"(?<!\w)[^\W\d_]+(?!\w)")
# A character of these scripts says as much as so many Latin letters.
_DENSE = {"ru": 1, "ko": 3, "ja": 2, "zh": 3}
#: Latin words in a request that are looked at
_MOST = 60


def _marks() -> dict[str, tuple[str, ...]]:
    """Return for each function word in Latin letters its languages; English words and single letters are none."""
    found: dict[str, tuple[str, ...]] = {}
    for one in LANGUAGES:
        for word in set(FUNCTION[one].split()) if one not in _LETTERS else ():
            if word not in _ENGLISH and len(word) > 1:
                found[word] = (*found.get(word, ()), one)
    return found


_MARKS = _marks()


def language(text: str) -> str:
    """Return the language of a text, one of `LANGUAGES`, nothing for English, and `?` for one that cannot be told."""
    outside = _QUOTED.sub(" ", text)
    script = "" if outside.isascii() else _script(outside)
    if script:
        return script
    words = _WORD.findall(outside)[:_MOST]
    counts: dict[str, int] = {}
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        if not (before[:1].isupper() and after[:1].isupper()):
            own = (
                ()
                if word.isascii() or word[0].isupper()
                else [_OWN[letter] for letter in sorted(_OWN.keys() & set(word))]
            )
            for one in (*_MARKS.get(word.lower(), ()), *own):
                counts[one] = counts.get(one, 0) + 1
    english = sum(word.lower() in _SURE for word in words)
    best = max(counts, key=lambda one: counts[one], default="")
    if best and counts[best] > english and (counts[best] > 1 or not english):
        return best
    return "" if english or not words else "?"


def _script(text: str) -> str:
    """Return the language of a text that is mostly in other letters than Latin ones."""
    found = {one: len(letters.findall(text)) for one, letters in _LETTERS.items()}
    if found["ja"]:
        found["ja"] += found["zh"]
    best = max(found, key=lambda one: found[one] * _DENSE[one])
    return best if found[best] * _DENSE[best] > len(_LATIN.findall(text)) else ""
