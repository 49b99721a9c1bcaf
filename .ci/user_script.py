"""What somebody writes who has installed the library; .ci/run runs it and checks its types."""

import numpy as np

from word2vec import KeyedVectors, Word2Vec, skipgram
from word2vec.gradcheck import gradcheck_naive

model = Word2Vec(vector_size=10, min_count=1, seed=1).fit("text.txt")
vectors: KeyedVectors = model.wv
for word, cosine in vectors.most_similar("coffee", topn=3):
    print(f"{word} {cosine:.3f}")
center, outside = np.random.default_rng(0).normal(size=(2, 5, 3))
gradcheck_naive(lambda v: skipgram(2, [1, 4], v, outside)[:2], center, "skip-gram")
