"""A model that can be checked by hand, real and small, and ways to build with it."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from reperage.corpus import Chunking, read_course
from reperage.index.build import BuildResult, build_index
from reperage.index.encoder import Encoder, Vectors
from reperage.index.manifest import Recipe

WORDS = ["[UNK]", "docker", "conteneur", "image", "port", "volume", "query", "passage", ":", "un", "est", "."]
RECIPE = Recipe("petit", "sha256:petit", Chunking())


def small_model(dimensions: int = 16) -> SentenceTransformer:
    """A vector a word, added up; made here, so that nothing is downloaded."""
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    weights = np.random.default_rng(1).standard_normal((len(WORDS), dimensions)).astype(np.float32)
    return SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_weights=weights)], device="cpu")


class CountingEncoder(Encoder):
    """Encodes by a digest of each text and remembers the texts; `at` is called before each batch of one."""

    def __init__(self, at: Callable[[int], None] = lambda done: None) -> None:
        super().__init__(small_model(), threads=1)
        self.encoded: list[str] = []
        self._at = at

    def encode_document(self, texts: Sequence[str], progress: Callable[[int], None] = lambda n: None) -> Vectors:
        vectors = np.empty((len(texts), self.dimensions), dtype=np.float32)
        for i, text in enumerate(texts):
            self._at(i)
            vectors[i] = vector_of(text, self.dimensions)
            self.encoded.append(text)
            progress(1)
        return vectors


def vector_of(text: str, dimensions: int = 16) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    vector = np.random.default_rng(seed).standard_normal(dimensions).astype(np.float32)
    unit: Vectors = vector / np.linalg.norm(vector)
    return unit


def build(folder: Path, root: Path, encoder: Encoder | None = None, recipe: Recipe = RECIPE) -> BuildResult:
    return build_index(read_course(folder), encoder or CountingEncoder(), recipe, root, material=str(folder))


def save_cross_encoder(folder: Path, labels: Sequence[str] = ("score",)) -> Path:
    """A BERT of one layer that scores pairs of texts, its weights random and large enough to tell them apart; one
    score for each of `labels`."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS[1:]]
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", words.index("[CLS]")), ("[SEP]", words.index("[SEP]"))],
    )
    marks = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=512, **marks).save_pretrained(folder)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        initializer_range=1.0,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder
