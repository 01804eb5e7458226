"""Words that tell what a prompt asks for, in the commonest languages; data for ``features``.

Refuses to be a dictionary: a few dozen words a subject separate well, and every set is looked up in constant time.
Words that prose uses for everything (class, from, return, set) are left out on purpose.
"""


def _bytes(listed: str) -> frozenset[bytes]:
    """Lower-case UTF-8, since texts are compared as bytes; words of scripts without spaces stand in ``*_CJK``."""
    return frozenset(word.encode() for word in listed.split())


def _terms(listed: str) -> frozenset[str]:
    """Terms that are searched for wherever they stand, all subjects' in one pass."""
    return frozenset(listed.split())


REASONING = _bytes(
    "why explain explains analyze analyse analysis compare contrast prove proof derive deduce infer evaluate assess "
    "justify argue critique reason reasoning logic logical tradeoff tradeoffs trade-off trade-offs strategy strategies "
    "design plan optimize optimise optimal diagnose debug investigate synthesize hypothesis implications consequences "
    "suppose assume assuming given if unless therefore hence because whether puzzle riddle step-by-step steps "
    "warum erkläre erklären analysiere vergleiche beweise begründe bewerte weshalb falls "
    "pourquoi expliquez explique analysez analyse comparez démontrez prouvez évaluez supposons "
    "porqué explica explique analiza compara demuestra justifica evalúa supongamos perché spiega analizza confronta "
    "dimostra porquê explique analise compare demonstre justifique avalie "
    "почему объясни объясните проанализируй сравни сравните докажи докажите оцени обоснуй если "
    "لماذا اشرح حلل قارن أثبت क्यों समझाइए विश्लेषण तुलना"
)
REASONING_CJK = _terms("为什么 分析 比较 证明 解释 推理 評価 なぜ 説明 比較 証明 왜 설명 분석 비교 증명")

MATHEMATICS = _bytes(
    "calculate compute solve equation equations integral derivative theorem lemma probability probabilities matrix "
    "polynomial triangle circle angle radius diameter perimeter area volume sum product ratio fraction percent "
    "percentage average mean median variance modulo prime primes integer integers divisible factorial logarithm "
    "geometry algebra calculus trigonometry vertex sequence remainder total altogether twice half many much each "
    "\\frac \\sqrt \\sum \\int frac sqrt cdot times leq geq mathbb boxed "
    "berechne gleichung integral wahrscheinlichkeit summe wieviel calcule calculez équation probabilité combien somme "
    "calcula ecuación probabilidad cuántos cuántas cuánto suma calcola equazione probabilità quanti calcule equação "
    "probabilidade quantos вычисли вычислите реши решите уравнение вероятность сколько сумма найдите"
)
MATHEMATICS_CJK = _terms("计算 方程 概率 多少 求解 計算 方程式 確率 いくつ 계산 방정식 확률 얼마")

CODE = _bytes(
    "code codes coding function functions def elif const async await struct int str bool void null printf println "
    "python javascript typescript java golang rust kotlin swift php ruby sql bash html css react django flask numpy "
    "pandas regex algorithm algorithms bug bugs debug compile compiler refactor api endpoint json yaml xml script "
    "program programs implement implementation unittest pytest exception traceback stacktrace repository repo commit "
    "docker kubernetes database query queries recursion recursive array arrays hashmap assertion assert import "
    "programm programmiere funktion fonction programme código función programa codice funzione функция код программа "
    "напиши программу"
)
CODE_CJK = _terms("代码 函数 程序 编程 算法 コード 関数 プログラム 코드 함수 알고리즘")

CONSTRAINTS = _bytes(
    "must exactly only never always least most without except ensure required requires requirement requirements "
    "constraint constraints following format respectively include exclude avoid limit limited maximum minimum "
    "muss genau nur niemals mindestens höchstens ohne doit exactement seulement jamais sans debe exactamente "
    "solamente nunca deve esattamente mai senza должен ровно только никогда минимум максимум без"
)

BRIEF = _bytes(
    "briefly brief short shortly concise concisely tersely tldr yes/no true/false classify classification label "
    "extract sentiment category yes no kurz knapp brièvement bref brevemente corto breve кратко коротко"
)
BRIEF_CJK = _terms("简短 简要 一句话 簡潔 一言で 간단히 짧게")

ASKS_MUCH = _bytes(
    "essay story stories article report draft detailed comprehensive thorough thoroughly elaborate tutorial guide "
    "document documentation translate rewrite summarize summarise summary outline letter email blog chapter novel poem "
    "aufsatz bericht ausführlich übersetze rédige rédigez rapport détaillé traduisez ensayo informe detallado traduce "
    "saggio relazione traduci ensaio relatório traduza эссе отчёт подробно переведи напиши статью"
)
ASKS_MUCH_CJK = _terms("文章 报告 详细 翻译 故事 レポート 詳しく 翻訳 보고서 자세히 번역")

CJK = REASONING_CJK | MATHEMATICS_CJK | CODE_CJK | BRIEF_CJK | ASKS_MUCH_CJK
"""Every term of a script without spaces; letters only, so they are patterns of themselves."""

UNITS = {
    b"word": 1.4,
    b"words": 1.4,
    b"mots": 1.6,
    b"palabras": 1.6,
    b"parole": 1.6,
    b"palavras": 1.6,
    "wörter".encode(): 1.8,
    "слов".encode(): 2.2,
    b"sentence": 28.0,
    b"sentences": 28.0,
    "sätze".encode(): 32.0,
    b"phrases": 30.0,
    b"frases": 30.0,
    b"line": 16.0,
    b"lines": 16.0,
    b"bullet": 25.0,
    b"bullets": 25.0,
    b"paragraph": 120.0,
    b"paragraphs": 120.0,
    b"page": 650.0,
    b"pages": 650.0,
}
"""Units in which a length is asked for, and about how many tokens one of them is."""
UNIT_WORDS = frozenset(UNITS)

NUMERALS = {b"one": 1, b"a": 1, b"two": 2, b"three": 3, b"four": 4, b"five": 5, b"six": 6, b"ten": 10}
