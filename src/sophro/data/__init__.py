"""Data: records, named sets with licence and hash, splits that keep twins together, leak checks.

Contract: ``load_set`` takes the name of a set or a user's JSONL; public sets are read from the folder in
``SOPHRO_DATA`` and are refused if they changed; nothing is fetched unless ``pull`` is called.
"""

from sophro.data._catalog import SetFile, SetInfo, find_set, list_sets, names
from sophro.data._cntp import cntp_split
from sophro.data._cntp_texts import ToxicText, load_cntp
from sophro.data._leaks import Leak, LeakReport, leak_check, normalise
from sophro.data._load import LabelledExchange, load_labels, load_set
from sophro.data._pull import pull
from sophro.data._records import Record, read_records
from sophro.data._splits import FRACTIONS, split, take

__all__ = [
    "FRACTIONS",
    "LabelledExchange",
    "Leak",
    "LeakReport",
    "Record",
    "SetFile",
    "SetInfo",
    "ToxicText",
    "cntp_split",
    "find_set",
    "leak_check",
    "list_sets",
    "load_cntp",
    "load_labels",
    "load_set",
    "names",
    "normalise",
    "pull",
    "read_records",
    "split",
    "take",
]
