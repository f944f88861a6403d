"""Features of a stereo camera by the SFNC, for simulated cameras, with one chunk.

The registers are those of libaravis's simulated camera, or in its memory that nothing else uses.
"""

from pathlib import Path

MONO8, CONFIDENCE8, COORD3D_C16 = 0x01080001, 0x010800C6, 0x011000B8
"""PFNC's numbers."""

COMPONENTS = ("Disparity", "Intensity", "Confidence")
FORMATS = (COORD3D_C16, MONO8, CONFIDENCE8)
SCALE = 1 / 16
BYTES = 5
"""Room for a pixel of all components, and more for chunks."""

_ENABLE, _CHUNK_MODE = 0x2000, 0x2100
_HEAD = (
    '<RegisterDescription ModelName="Stereo" VendorName="Depthkit" StandardNameSpace="None" SchemaMajorVersion="1" '
    'SchemaMinorVersion="0" SchemaSubMinorVersion="1" MajorVersion="1" MinorVersion="0" SubMinorVersion="0" '
    'ProductGuid="0" VersionGuid="0" xmlns="http://www.genicam.org/GenApi/Version_1_0">'
)


def write(
    file: Path,
    size: tuple[int, int],
    focal_length: float,
    center: tuple[float, float],
    baseline: float,
    chunk: str = "ExposureTime",
) -> Path:
    """The file of a camera whose components are all `size` px; focal length and principal point px, baseline m.

    chunk: what its chunk is, which then is no feature outside of frames.
    """
    width, height = size
    chosen = [f"(SEL={index})*{form}" for index, form in enumerate(FORMATS)]
    numbers = {
        "Scan3dCoordinateScale": SCALE,
        "Scan3dCoordinateOffset": 0.0,
        "Scan3dInvalidDataValue": 0.0,
        "Scan3dFocalLength": focal_length,
        "Scan3dPrincipalPointU": center[0],
        "Scan3dPrincipalPointV": center[1],
        "Scan3dBaseline": baseline,
        "AcquisitionFrameRate": 90.0,
    }
    numbers.pop(chunk, None)
    nodes = [
        *(f'<Float Name="{name}"><Value>{value!r}</Value></Float>' for name, value in numbers.items()),
        *(
            f'<Integer Name="{name}"><Value>{value}</Value><Min>{value}</Min><Max>{value}</Max></Integer>'
            for name, value in {"Width": width, "Height": height, "PayloadSize": BYTES * width * height}.items()
        ),
        _enumeration("ComponentSelector", dict(zip(COMPONENTS, range(3), strict=True)), "<Value>1</Value>"),
        _enumeration("Scan3dDistanceUnit", {"Pixel": 5}, "<Value>5</Value>"),
        _enumeration("Scan3dOutputMode", {"DisparityC": 9}, "<Value>9</Value>"),
        _enumeration(
            "PixelFormat",
            {"Coord3D_C16": COORD3D_C16, "Mono8": MONO8, "Confidence8": CONFIDENCE8},
            "<pValue>PixelFormatNumber</pValue>",
        ),
        '<IntSwissKnife Name="PixelFormatNumber"><pVariable Name="SEL">ComponentSelector</pVariable>'
        f"<Formula>{'+'.join(chosen)}</Formula></IntSwissKnife>",
        '<Boolean Name="ComponentEnable"><pValue>EnableRegister</pValue><OnValue>1</OnValue><OffValue>0</OffValue>'
        "</Boolean>",
        _register("EnableRegister", _ENABLE, '<pIndex Offset="4">ComponentSelector</pIndex>'),
        '<Boolean Name="Scan3dInvalidDataFlag"><pValue>One</pValue><OnValue>1</OnValue></Boolean>',
        '<Integer Name="One"><Value>1</Value></Integer>',
        *(
            f'<Command Name="{name}"><pValue>AcquisitionRegister</pValue><CommandValue>{value}</CommandValue></Command>'
            for name, value in {"AcquisitionStart": 1, "AcquisitionStop": 0}.items()
        ),
        _register("AcquisitionRegister", 0x124),
        '<Boolean Name="ChunkModeActive"><pValue>ChunkRegister</pValue><OnValue>1</OnValue></Boolean>',
        _register("ChunkRegister", _CHUNK_MODE),
        f'<FloatReg Name="Chunk{chunk}"><Address>0</Address><Length>8</Length><AccessMode>RO</AccessMode>'
        "<pPort>Chunk</pPort><Endianess>BigEndian</Endianess></FloatReg>",
        '<Port Name="Chunk"><ChunkID>4711</ChunkID></Port>',
        '<Port Name="Device"/>',
    ]
    features = [*numbers, "Width", "Height", "ComponentSelector", "ComponentEnable", "PixelFormat", f"Chunk{chunk}"]
    root = "".join(f"<pFeature>{name}</pFeature>" for name in features)
    file.write_text(f'{_HEAD}<Category Name="Root">{root}</Category>{"".join(nodes)}</RegisterDescription>')
    return file


def _enumeration(name: str, entries: dict[str, int], value: str) -> str:
    listed = "".join(
        f'<EnumEntry Name="{entry}"><Value>{number}</Value></EnumEntry>' for entry, number in entries.items()
    )
    return f'<Enumeration Name="{name}">{listed}{value}</Enumeration>'


def _register(name: str, address: int, index: str = "") -> str:
    return (
        f'<IntReg Name="{name}"><Address>{address}</Address>{index}<Length>4</Length><AccessMode>RW</AccessMode>'
        "<pPort>Device</pPort><Sign>Unsigned</Sign><Endianess>BigEndian</Endianess></IntReg>"
    )
