"""The `depthkit` command: finds the verb, reads its flags from a dataclass, and turns errors into one line."""

import difflib
import importlib
import os
import sys
from collections.abc import Sequence

from depthkit import __version__
from depthkit.errors import DepthkitError
from depthkit_tools.console import CompilingNotice, hearing_of_kernels

VERBS = {
    "demo": "see it work: simulate, record, replay, reconstruct, compare with the truth",
    "doctor": "what is installed, what is missing, and the command that adds it",
    "cameras": "list the cameras that can be opened",
    "stream": "watch a camera's frame rate, latency, drops and depth, live",
    "record": "record a camera to a file",
    "replay": "play a recording and prove that nothing is lost",
    "convert": "a recording as TUM, Open3D or nerfstudio data, folders of PNG, videos, or one of depthkit's own",
    "info": "what a recording holds",
    "repair": "make a whole recording of one that was cut off or damaged",
    "stereo": "a pair of images, a recording or a camera → disparity, depth and point cloud",
    "bench": "measure the speed against OpenCV and Open3D",
    "bench stereo": "measure the accuracy of matching against OpenCV on scenes with known truth",
    "bench confidence": "measure how well the confidence of matching tells right from wrong, on such scenes",
    "bench recording": "measure recording and replay: frames dropped, MB/s, CPU, framesets a second",
    "bench live": "measure what reading a camera through the library costs over reading its driver",
    "bench soak": "read a camera that fails all the time, and prove that every fault is counted and got over",
    "bench codec": "measure how small and how fast depth images are compressed, against PNG, JPEG XL and JPEG-LS",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb. Returns the exit code: 0, 1 for an error that is explained, 2 for wrong usage."""
    args = list(sys.argv[1:] if argv is None else argv)
    if not args or args[0] in ("-h", "--help"):
        print(_usage())
        return 0
    if args[0] == "--version":
        print(f"depthkit {__version__}")
        return 0
    words = 2 if " ".join(args[:2]) in VERBS else 1
    verb = " ".join(args[:words])
    if verb not in VERBS:
        print(_unknown(verb), file=sys.stderr)
        return 2
    return _guarded(verb, args[words:])


def _guarded(verb: str, args: list[str]) -> int:
    """A DepthkitError becomes one line and exit 1; anything else is a bug and keeps its traceback."""
    try:
        return _run(verb, args)
    except DepthkitError as error:
        print(f"depthkit {verb}: {' '.join(str(error).splitlines())}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"depthkit {verb}: interrupted", file=sys.stderr)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): point stdout elsewhere so that exiting stays silent.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _run(verb: str, args: list[str]) -> int:
    import tyro

    module = importlib.import_module(f"depthkit_tools.{verb.replace(' ', '.')}")
    config = tyro.cli(
        module.Config,
        prog=f"depthkit {verb}",
        description=module.__doc__,
        args=args,
        config=(tyro.conf.OmitArgPrefixes,),
    )
    with hearing_of_kernels(CompilingNotice()):
        code: int = module.run(config)
    return code


def _usage() -> str:
    lines = [f"  {verb:<16} {summary}" for verb, summary in VERBS.items()]
    return "\n".join(
        [
            "depthkit: from any depth camera, live or recorded, to a metric point cloud.",
            "",
            "  depthkit demo                                       start here",
            "  depthkit stereo left.png right.png --rig rig.toml   your own pair",
            "",
            "commands:",
            *lines,
            "",
            "'depthkit COMMAND --help' opens with an example of that command.",
        ]
    )


def _unknown(verb: str) -> str:
    close = difflib.get_close_matches(verb, VERBS, n=1)
    hint = f"did you mean '{close[0]}'?" if close else "'depthkit --help' lists the commands"
    return f"depthkit: there is no command {verb!r}; {hint}"


if __name__ == "__main__":
    sys.exit(main())
