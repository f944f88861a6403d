"""Recordings of other programs and data sets, read through one type: see `open_recording`."""

from depthkit.recordings.opening import open_recording, picture_sizes
from depthkit.recordings.recording import PictureLedger, Recording, RecordingInfo

__all__ = ["PictureLedger", "Recording", "RecordingInfo", "open_recording", "picture_sizes"]
