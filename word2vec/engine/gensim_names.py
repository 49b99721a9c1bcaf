"""What gensim's `Word2Vec` has under other names: what to say to whoever asks for it here."""

# Arguments of its constructor.
ARGUMENTS = {
    "sg": 'choose model="skipgram" (sg=1) or model="cbow" (sg=0)',
    "hs": 'choose loss="hierarchical_softmax" (hs=1) or loss="neg_sampling" (hs=0)',
    "cbow_mean": 'choose cbow_reduction="mean" (cbow_mean=1) or cbow_reduction="sum"',
    "size": "it is called vector_size",
    "iter": "it is called epochs",
    "sentences": "pass the corpus to fit",
    "corpus_file": "pass the path of the file to fit",
    "compute_loss": "the loss is always computed: see losses after fit",
    "callbacks": "pass a function to fit as progress",
    "max_vocab_size": "words are counted in full: raise min_count instead",
    "max_final_vocab": "raise min_count instead",
    "trim_rule": "raise min_count, or leave words out of the corpus",
    "sorted_vocab": "the most frequent word always comes first",
    "hashfxn": "the vectors start from random numbers that the seed alone decides",
    "batch_words": "how the text is cut is decided by its length",
    "null_word": "there is none",
    "shrink_windows": "windows always shrink at random, or are weighed as if they did",
    "comment": "there is none",
}

# Attributes and methods of a trained model.
ATTRIBUTES = {
    "build_vocab": "fit(corpus) counts the words, partial_fit(more) adds those of more text",
    "train": "fit(corpus) trains, partial_fit(more) trains on",
    "get_latest_training_loss": "losses has the mean loss of each epoch",
    "running_training_loss": "losses has the mean loss of each epoch",
    "syn1neg": "it is called outside_vectors",
    "corpus_count": "fit and partial_fit count for themselves",
    "corpus_total_words": "fit and partial_fit count for themselves",
    "init_sims": "lengths are computed when they are asked for",
    "predict_output_word": "multiply wv.vectors with outside_vectors",
    "score": "multiply wv.vectors with outside_vectors",
    "most_similar": "ask model.wv",
    "similarity": "ask model.wv",
    "doesnt_match": "ask model.wv",
}
