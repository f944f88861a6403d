"""Recordings of other programs and data sets, read through one type: see `open_recording`."""

from depthkit.recordings.opening import open_recording
from depthkit.recordings.recording import Ledger, Recording, RecordingInfo

__all__ = ["Ledger", "Recording", "RecordingInfo", "open_recording"]
