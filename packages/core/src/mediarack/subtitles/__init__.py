"""Transcripts as subtitles and text; files of subtitles read, written and converted."""

from mediarack.subtitles.cues import Cue as Cue
from mediarack.subtitles.cues import Layout as Layout
from mediarack.subtitles.cues import cues as cues
from mediarack.subtitles.cues import laid_out as laid_out
from mediarack.subtitles.files import convert_subtitles as convert_subtitles
from mediarack.subtitles.files import read_subtitles as read_subtitles
from mediarack.subtitles.files import read_transcript as read_transcript
from mediarack.subtitles.files import write_subtitles as write_subtitles
from mediarack.subtitles.files import write_transcript as write_transcript
from mediarack.subtitles.formats import FORMATS as FORMATS
from mediarack.subtitles.formats import render as render
