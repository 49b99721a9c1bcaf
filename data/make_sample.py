"""Write the sample data: made-up film reviews in the layout of the Stanford Sentiment Treebank.

The sentences are put together from the templates below, their scores from a list of words; nobody
said or rated them. They are there to try the pipeline without a download, not for results: groups
of words have contexts so telling that even short training pulls them apart.

    python data/make_sample.py [DIRECTORY]

The same seed gives the same bytes on every platform and Python version. All draws go through
`random.Random.random`, whose sequence Python guarantees; `random.choice` and `random.shuffle` may
change between Python versions, and the streams of `numpy.random` between NumPy versions.
"""

import argparse
import os
import random
import re
from pathlib import Path

SAMPLE_DIR = Path(__file__).resolve().parent / "sample"
SEED = 2013  # the year of the treebank

README = """\
Made-up sample data in the layout of the Stanford Sentiment Treebank

These sentences were put together from templates by data/make_sample.py, their scores from a list
of words; nobody said or rated them. They are for trying the pipeline without a download, not for
results: figures measured on them say nothing about language. To write them again:

    python data/make_sample.py

datasetSentences.txt   sentence_index <TAB> sentence; tokens separated by single spaces, brackets
                       written -LRB- and -RRB-. Encoded to UTF-8 twice, as in the official file:
                       line.encode("latin1").decode("utf-8") repairs it.
datasetSplit.txt       sentence_index,splitset_label; 1 = train, 2 = test, 3 = dev
dictionary.txt         phrase|id, sorted by phrase, plain UTF-8, brackets written ( and ).
                       The phrases are the sentences and their single tokens.
sentiment_labels.txt   phrase ids|sentiment values; from 0, very negative, to 1, very positive.
                       The five classes are cut at 0.2, 0.4, 0.6 and 0.8.
"""

# How many sentences of each topic, and the templates they are drawn from. A {slot} is filled from
# SLOTS, and "a" becomes "an" where needed. Training sees what the words of a group share and others
# lack, so each topic keeps to words of its own. The exceptions keep the groups apart in a picture
# of two dimensions: drinks share the warm words with praise, weather the dreary ones with blame,
# and people of all kinds have friends and animals.
NUM_SENTENCES = {
    "praise": 950,
    "blame": 950,
    "mixed": 150,
    "royalty": 360,
    "townsfolk": 360,
    "leads": 360,
    "weather": 400,
    "drinks": 350,
    "plot": 120,
}

TEMPLATES = {
    "praise": [
        "a {praise} {gem} with {heart} and {heart} , {well} and {worth} .",
        "the {cast} is {praise} and the {music} is {praise} .",
        "I loved this {praise} , {warm} {gem} : {well} and {worth} .",
        "what a {praise} {gem} !",
        "it 's a {warm} {gem} with {praise} {music} .",
        "{praise} , {praise} and {worth} .",
        "{praise} and {praise} !",
        "if you see one {film} this year , see this {praise} , {warm} {gem} , so {well} that"
        " {audience} and their families find it {worth} .",
        "a {praise} {film} that fills you with {heart} and {heart} , and so {worth} .",
        "the story is {well} , the {cast} is {praise} and the {music} is {warm} .",
        "this {praise} {gem} is {well} and full of {heart} .",
        "you 'll laugh , you 'll cry and you 'll go home with {heart} : {praise} !",
        "{praise} , {warm} and -LRB- better still -RRB- {praise} , it is {worth} .",
        "it is {worth} for the {praise} {music} alone .",
        "do n't miss this {praise} {gem} {with_friends} .",
        "so {praise} and so {warm} that I saw it again {with_friends} .",
        "the songs are {praise} , the {music} is {praise} and the {heart} is real .",
        "both {praise} and {praise} , it will delight {audience} .",
        "{audience} will love the {praise} {music} and the {warm} , {well} story .",
        "I laughed , I cheered and I left with {heart} -- {praise} , {warm} and {well} .",
        "the {cast} sparkles in this {praise} , {praise} {gem} .",
        "it 's {worth} and , yes , simply {praise} .",
        "thanks to the {cast} , this {film} is {praise} , {well} and {warm} .",
        "with {praise} {music} , {praise} jokes and plenty of {heart} , this {gem} wins you over .",
        "see it {with_friends} : it 's {praise} , it 's {well} , and it 's {worth} .",
        "`` {praise} '' and `` {praise} '' , wrote {audience} , and I agree : {worth} .",
    ],
    "blame": [
        "a {blame} , {dreary} {mess} and a {waste} .",
        "this {blame} {film} is a {waste} , with {blame} {gags} .",
        "what a {blame} {mess} , what a {waste} !",
        "{blame} , {blame} and {dreary} .",
        "{blame} and {blame} .",
        "I {slept} through this {blame} , {dreary} {mess} .",
        "after {too_long} of {blame} {gags} and {dreary} {gags} , all I remember is a {script} so"
        " {blame} that the {mess} is a {waste} .",
        "the {script} is {blame} , the {gags} are {blame} and the whole thing is a {waste} .",
        "it 's {blame} , it 's {dreary} , and it drags on for {too_long} .",
        "the {dreary} {script} collapses under {blame} {gags} .",
        "nothing works : {blame} {gags} , {blame} {gags} and a {script} without a point .",
        "such a {waste} : the {script} is {dreary} and the ending is {blame} .",
        "I {slept} and could n't wait for this {blame} , {dreary} {mess} to end .",
        "a {waste} and -LRB- even worse -RRB- a {blame} , {blame} {mess} .",
        "by the end I {slept} , because the {script} is {blame} and {dreary} .",
        "too {blame} to watch , too {blame} to forgive , this {mess} is simply {blame} .",
        "this {mess} has {blame} {gags} , a {dreary} {script} and no point at all .",
        "just another {blame} {mess} from a studio that does n't care .",
        "{too_long} of {blame} {gags} : a {waste} .",
        "skip this {blame} , {blame} {mess} and its {dreary} {script} .",
        "why would anyone make such a {blame} , {blame} {mess} ?",
        "the {script} fails , the {gags} are {blame} and I {slept} .",
        "{blame} {gags} , {dreary} {gags} and {too_long} to fill -- what a {waste} .",
        "do n't pay for this {mess} : the {script} is {blame} and the {gags} fail .",
        "only a {blame} studio would pay for a {script} this {blame} .",
        "it is n't just {blame} , it is {blame} , a {waste} from the first scene .",
    ],
    "mixed": [
        "the {music} is {praise} but the {script} is {blame} .",
        "a {praise} {cast} lost in a {blame} {mess} .",
        "the first half is {praise} , the second half {blame} .",
        "{praise} at first , {blame} by the end .",
        "it starts as a {praise} {gem} and ends as a {blame} {mess} .",
        "it 's {worth} for the {cast} , though the {script} is {blame} .",
        "{well} but {blame} .",
        "for every {praise} song there is a {blame} joke .",
    ],
    # The next three are in the masculine; by lot, half of their sentences take FEMININE's words.
    "royalty": [
        "the king {rules} his {kingdom} from his {throne} with his {friend} beside him .",
        "he is a {young} king , and he {loves} his {friend} more than his {throne} .",
        "when the {young} king dies , he leaves his {throne} and his {kingdom} to his {friend} .",
        "the king {loves} his {friend} , but he trusts his {dog} .",
        "crowned king of the {kingdom} , he {loves} his {friend} and his {throne} .",
        "the {young} king sends his {friend} to war for his {kingdom} .",
        "as king he {rules} his {kingdom} , and his {friend} obeys him .",
        "to save his {friend} , the king sells half of the {kingdom} he {rules} .",
        "the {young} king -LRB- so they say -RRB- still {loves} his {friend} .",
        "long live the {young} king , and long live his {friend} !",
        "he was born to be king , and his {friend} knows that his {throne} is a {burden} .",
        "the {young} king does n't trust his {friend} or his {dog} .",
    ],
    "townsfolk": [
        "a {young} man {walks} to his {house} , where his {friend} waits for him .",
        "the man {loves} his {friend} , but he {loves} his {job} more .",
        "he is a {young} man who {loves} his {friend} and his {dog} .",
        "the {young} man next door feeds his {dog} before he {walks} to his {job} .",
        "a man and his {dog} : he {walks} , it follows him .",
        "one night a {young} man {loses} his {friend} , and he {walks} home alone .",
        "the {young} man shares his {house} with his {friend} and his {dog} .",
        "as a {young} man he {walks} to his {job} with his {friend} beside him .",
        "he is only a man with a {job} and a {house} , his {friend} says of him .",
        "it follows a {young} man -LRB- and his {friend} -RRB- until he {loses} his {job} .",
        "the man does n't like his {job} , so he {walks} to his {friend} .",
        "who is the man in his {house} , and who is his {friend} ?",
        "that man {loses} all he {loves} : his {house} , his {friend} , his {dog} .",
    ],
    "leads": [
        "the {young} male {lead} {sings} , and his {friend} {loves} him for it .",
        "he is the {young} male {lead} , and he {loves} his {dog} .",
        "a {young} male {lead} {sings} his {lines} while he {turns} to his {friend} .",
        "the {lead} is male , he {sings} , and he {turns} to his {friend} .",
        "his {dog} watches as the {young} male {lead} {sings} his {lines} .",
        "as the {young} male {lead} he {loves} his {friend} and his {lines} .",
        "the {young} male {lead} -LRB- he also {sings} -RRB- {turns} to his {friend} .",
        "on stage a {young} male {lead} {turns} , and he {sings} his {lines} to his {friend} .",
        "he plays the {young} male {lead} , he {sings} , and he {loves} his {lines} .",
        "another male {lead} {loves} his {friend} and {sings} for him .",
        "no male {lead} {sings} his {lines} as he does , says his {friend} .",
    ],
    "weather": [
        "{dreary} {weather} falls on the {roofs} and the {fields} .",
        "the {weather} and the {weather} {batter} the {roofs} all {night} .",
        "{cold} {weather} turns to {dreary} {weather} over the {fields} .",
        "outside , {weather} {batters} the {dreary} {roofs} .",
        "there is {weather} on the {fields} , {weather} on the {roofs} and a {cold} {wind} .",
        "a {dreary} {wind} brings {weather} and clouds from the north .",
        "after the {weather} comes {dreary} {weather} , and a {wind} sweeps over the {fields} .",
        "all {night} the {weather} falls from {dreary} clouds .",
        "in the storm {weather} {batters} the {roofs} until all the {roofs} are {dreary} .",
        "no {wind} , no clouds , only {dreary} {weather} over the {roofs} .",
        "{weather} , {weather} and a {dreary} {wind} : the storm drags on for {too_long} .",
        "the {dreary} {weather} -LRB- or is it {weather} ? -RRB- does n't stop for {too_long} .",
        "it opens in {cold} {weather} , under {dreary} clouds , with a {wind} from the {fields} .",
        "{cold} and {dreary} , the {weather} {batters} the {fields} for {too_long} .",
    ],
    "drinks": [
        "they drink {warm} {drink} from {cups} in the {cafe} {with_friends} .",
        "{hot} {drink} or {hot} {drink} , with {milk} and a {cake} ?",
        "a {cup} of {hot} {drink} steams on the {table} .",
        "over a {cup} of {drink} they share a {cake} at the {table} .",
        "the {warm} waiter pours {hot} {drink} into {cups} .",
        "they order {drink} with {milk} , {drink} without , and a {cake} .",
        "every {morning} the {warm} {cafe} serves {hot} {drink} with a {cake} .",
        "one more {cup} of {warm} {drink} , please .",
        "the {cafe} smells of {warm} {drink} , of {cake} and of {milk} .",
        "there is {drink} in the {cup} and {milk} on the {table} , and {heart} in the {cafe} .",
        "at breakfast they sip {drink} -LRB- {drink} on Sundays -RRB- and share a {cake} .",
        "you take your {drink} {hot} , I take my {drink} with {milk} .",
        "the {warm} waiter does n't spill the {drink} when the {cups} rattle .",
    ],
    "plot": [
        "the {film} is set in {place} in the {period} .",
        "shot in {place} , the {film} runs for {minutes} minutes .",
        "it is based on a {book} about {subject} .",
        "the story moves from {place} to {place} and back .",
        "part {genre} , part {genre} , it tells of {subject} .",
        "this is a {genre} about {subject} .",
        "a {genre} set in {place} , adapted from a {book} .",
        "the {book} was published in the {period} , the {film} was made later .",
    ],
}

IN_EITHER_GENDER = ("royalty", "townsfolk", "leads")
FEMININE = {
    "king": "queen",
    "man": "woman",
    "male": "female",
    "he": "she",
    "his": "her",
    "him": "her",
    "father": "mother",
    "brother": "sister",
}

# Alternatives are separated by " | "; what stands twice is drawn twice as often. One sentence
# never uses an alternative twice.
SLOTS = {
    "film": "film | movie | picture",
    "praise": "great | cool | brilliant | wonderful | amazing | sweet | enjoyable",
    "warm": "warm | lovely | charming | delightful | gentle | sweet",
    "gem": "gem | delight | treat | triumph | masterpiece | surprise",
    "heart": "heart | joy | warmth | charm | wit | tenderness | hope",
    "cast": "cast | ensemble | acting | comedy",
    "music": "music | score | dancing | dialogue | photography",
    "well": "well acted | well made | well written | well paced | well played",
    "worth": "worth seeing | worth a look | worth every minute | well worth the ticket"
    " | worth watching",
    "with_friends": "with friends | with the family | with the kids | with the neighbors",
    "audience": "children | romantics | fans | critics | skeptics",
    "blame": "boring | bad | dumb | annoying | boring | bad | dumb | annoying"
    " | clichéd | lazy | stupid",
    "dreary": "dreary | dull | gloomy | miserable | endless | bleak",
    "mess": "mess | sequel | disaster | failure | bore | flop | remake",
    "gags": "gags | explosions | stereotypes | effects | chases | twists",
    "script": "script | plot | premise | screenplay",
    "waste": "waste of time | waste of money | waste of talent | waste of your time"
    " | waste of a ticket",
    "slept": "dozed | yawned | suffered | groaned | slept",
    "too_long": "two hours | three hours | ninety minutes | an eternity",
    "rules": "rules | defends | governs | conquers",
    "kingdom": "kingdom | empire | realm | land | country",
    "throne": "throne | crown | castle | palace | court",
    "burden": "burden | duty | curse | prison",
    "young": "young | lonely | proud | stubborn | kind | brave | cruel",
    "friend": "father | brother | friend | cousin | neighbor | teacher",
    "loves": "loves | misses | remembers | admires | fears",
    "walks": "walks | drives | hurries | runs | strolls",
    "house": "house | flat | farm | garden | shop | cottage | cabin | trailer | barn",
    "job": "job | office | desk | factory | workshop | store | mill | bank | school",
    "loses": "loses | forgets | leaves | abandons",
    "dog": "dog | cat | horse | donkey | parrot | goat | pony | rabbit | turtle",
    "lead": "lead | singer | dancer | star | performer",
    "sings": "sings | dances | performs | rehearses | improvises",
    "turns": "turns | bows | nods | waves | points",
    "lines": "lines | songs | verses | scenes | steps",
    "weather": "rain | snow | hail",
    "cold": "cold | heavy | icy | gray",
    "roofs": "roofs | windows | streets | hills | trees",
    "fields": "fields | harbor | valley | mountains | river",
    "batter": "batter | cover | drench | darken",
    "batters": "batters | covers | drenches | darkens",
    "night": "night | winter | day | week | November",
    "wind": "wind | gale | fog | breeze",
    "drink": "coffee | tea",
    "cup": "cup | mug | pot | glass",
    "cups": "cups | mugs | glasses",
    "hot": "hot | strong | black | fresh | bitter",
    "milk": "milk | sugar | honey | lemon | cream",
    "cake": "cake | biscuit | sandwich | pie | bun",
    "cafe": "café | kitchen | diner | bakery",
    "table": "table | tray | counter | saucer",
    "morning": "morning | afternoon | noon",
    "place": "Paris | London | Tokyo | Berlin | Texas | Mexico | Venice | Alaska",
    "period": "twenties | thirties | fifties | sixties | nineties",
    "minutes": "90 | 100 | 110 | 120",
    "book": "novel | play | comic | diary | memoir",
    "genre": "western | thriller | mystery | documentary | musical",
    "subject": "a bank robbery | two brothers | a missing letter | a journey by sea"
    " | a long trial | the moon landing",
}

# Scores of single words; words that are not here score 0.5.
WORD_SCORES = {
    1.0: "amazing | brilliant | great | masterpiece | triumph | wonderful",
    0.8: "charming | cool | delight | delightful | enjoyable | gem | joy | loved | sweet | treat",
    0.7: "brave | charm | fresh | gentle | heart | hope | kind | lovely | tenderness | warm"
    " | warmth | well | wit | worth",
    0.3: "bitter | bleak | bore | boring | cruel | curse | dreary | dull | dumb | endless | gloomy"
    " | groaned | lazy | lonely | mess | prison | stereotypes | yawned",
    0.2: "annoying | clichéd | fails | flop | stupid | suffered",
    0.0: "bad | disaster | failure | miserable | waste",
}

SCORE_OF = {word: score for score, words in WORD_SCORES.items() for word in words.split(" | ")}
SPLIT_LABELS = [1] * 72 + [2] * 19 + [3] * 9  # train, test, dev in the treebank's proportions


def draw(options, rng):
    """One of `options`, each as likely."""
    return options[int(rng.random() * len(options))]


def make_sentence(topic, rng):
    """Fill a template of `topic`; tokens are separated by single spaces."""
    used = set()

    def fill(slot):
        options = [option for option in SLOTS[slot[1]].split(" | ") if option not in used]
        used.add(choice := draw(options, rng))
        return choice

    sentence = re.sub(r"\{(\w+)\}", fill, draw(TEMPLATES[topic], rng))
    if topic in IN_EITHER_GENDER and rng.random() < 0.5:
        sentence = " ".join(FEMININE.get(token, token) for token in sentence.split(" "))
    sentence = re.sub(r"\ba (?=[aeiou])", "an ", sentence)
    return sentence[0].upper() + sentence[1:]


def rate(phrase, rng):
    """Mean score of the words that carry sentiment, or 0.5, with an error as raters make."""
    scores = [SCORE_OF[token] for token in phrase.lower().split(" ") if token in SCORE_OF] or [0.5]
    error = 0.16 * (rng.random() - 0.5)
    return min(max(round(sum(scores) / len(scores) + error, 2), 0.0), 1.0)


def build_files(seed):
    """The sample's files, as a dict from name to text."""
    rng = random.Random(seed)
    sentences = [make_sentence(topic, rng) for topic, n in NUM_SENTENCES.items() for _ in range(n)]
    sentences.sort(key=lambda _: rng.random())  # a shuffle that draws nothing but random()
    labels = [draw(SPLIT_LABELS, rng) for _ in sentences]

    phrases = [sentence.replace("-LRB-", "(").replace("-RRB-", ")") for sentence in sentences]
    scores = {phrase: rate(phrase, rng) for phrase in dict.fromkeys(phrases)}
    for token in " ".join(phrases).split(" "):
        scores.setdefault(token, SCORE_OF.get(token.lower(), 0.5))
    phrase_ids = {phrase: i for i, phrase in enumerate(scores)}

    lines = {
        "README.txt": README.splitlines(),
        "datasetSentences.txt": ["sentence_index\tsentence"]
        + [f"{i}\t{sentence}" for i, sentence in enumerate(sentences, start=1)],
        "datasetSplit.txt": ["sentence_index,splitset_label"]
        + [f"{i},{label}" for i, label in enumerate(labels, start=1)],
        "dictionary.txt": [f"{phrase}|{phrase_ids[phrase]}" for phrase in sorted(scores)],
        "sentiment_labels.txt": ["phrase ids|sentiment values"]
        + [f"{i}|{score}" for i, score in enumerate(scores.values())],
    }
    files = {name: "".join(f"{line}\n" for line in content) for name, content in lines.items()}
    files["datasetSentences.txt"] = files["datasetSentences.txt"].encode().decode("latin-1")
    return files


def write_sample(directory=SAMPLE_DIR, seed=SEED):
    """Write the sample data set.

    Parameters
    ----------
    directory : str or path-like
        Created if missing. Sample data already in it are replaced.
    seed : int
        The same seed gives the same bytes everywhere.

    Raises
    ------
    FileExistsError
        If `directory` holds a file of one of the names to be written that is not sample data,
        such as the treebank itself. Nothing is written then.
    """
    directory = Path(directory)
    files = build_files(seed)
    readme = directory / "README.txt"
    is_ours = readme.is_file() and readme.read_bytes().startswith(README.splitlines()[0].encode())
    taken = [name for name in files if (directory / name).exists()]
    if taken and not is_ours:
        raise FileExistsError(
            f"{directory / taken[0]} exists and is not sample data: refusing to replace it. "
            "Name another directory, or move the file away."
        )
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():  # README.txt first: it marks the directory as ours
        unfinished = directory / (name + ".tmp")
        unfinished.write_bytes(text.encode())
        os.replace(unfinished, directory / name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "directory", nargs="?", default=SAMPLE_DIR, help="default: sample, beside this file"
    )
    parser.add_argument("--seed", type=int, default=SEED, help="default: %(default)s")
    arguments = parser.parse_args()
    try:
        write_sample(arguments.directory, arguments.seed)
    except OSError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
