"""Pictures in tar files that are read from beginning to end: data larger than a disk or a memory.

A folder of shards holds tar files in the layout of WebDataset (``000000012.jpg`` beside
``000000012.json``), which any reader of that format takes; ``shards.json``, which says what they
hold; and for each part a list of its pictures with what is wanted of each, ``train.jsonl``.
"""
