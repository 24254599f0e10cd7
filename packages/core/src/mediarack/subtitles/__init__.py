"""Transcripts as subtitles and text."""

from mediarack.subtitles.cues import Cue as Cue
from mediarack.subtitles.cues import Layout as Layout
from mediarack.subtitles.cues import cues as cues
from mediarack.subtitles.formats import FORMATS as FORMATS
from mediarack.subtitles.formats import render as render
from mediarack.subtitles.formats import write_transcript as write_transcript
