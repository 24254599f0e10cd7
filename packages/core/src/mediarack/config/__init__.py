"""Settings of a Rack: what they are, and where they come from."""

from mediarack.config.settings import Config as Config
