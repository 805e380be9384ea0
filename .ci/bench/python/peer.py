"""The work on a page as one would do it in Python: decode, parse, extract the text, search for terms
and, with --words, split it into words. It ignores disguises and hiding, and does not judge.

    peer.py [--words] TERMS FOLDER…

TERMS has a term on each line. Prints the CPU of one pass over all pages as JSON, as "bench side"
does; start-up does not count.
"""

import json
import logging
import sys
import time
from pathlib import Path

import ahocorasick
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding
from resiliparse.parse.html import HTMLTree

LEAST = 1.0  # the least time for which whole passes are measured, in seconds of CPU time


def automaton(terms):
    a = ahocorasick.Automaton()
    for term in terms:
        a.add_word(term, term)
    a.make_automaton()
    return a


def judge(body, terms, cut):
    tree = HTMLTree.parse_from_bytes(body, detect_encoding(body, from_html_meta=True))
    text = extract_plain_text(tree).lower()
    hits = sum(1 for _ in terms.iter(text))
    words = sum(1 for _ in cut(text)) if cut else 0
    return hits, words


def main():
    arguments = sys.argv[1:]
    cut = None
    if arguments[0] == "--words":
        import jieba

        jieba.setLogLevel(logging.WARNING)
        jieba.initialize()
        cut = jieba.cut
        arguments = arguments[1:]
    terms = automaton(line.lower() for line in Path(arguments[0]).read_text("utf-8").splitlines() if line)
    pages = [p.read_bytes() for folder in arguments[1:] for p in sorted(Path(folder).rglob("*")) if p.suffix in (".html", ".htm")]
    for body in pages:
        judge(body, terms, cut)
    passes, start = 0, time.process_time()
    while passes == 0 or time.process_time() - start < LEAST:
        for body in pages:
            judge(body, terms, cut)
        passes += 1
    spent = (time.process_time() - start) / passes
    print(json.dumps({"pages": len(pages), "bytes": sum(map(len, pages)), "cpu_ns": round(spent * 1e9)}))


main()
