"""What each sample under ``../shared/formats`` must read as, by what its SOURCE.md says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["SAMPLES", "Sample"]

Verdict = Literal["ok", "refused", "failed"]


@dataclass(frozen=True)
class Sample:
    """One file and the truth about it.

    Parameters
    ----------
    verdict
        ``ok``, or ``refused`` (understood, but not to be used), or ``failed`` (no recording).
    format
        Name of the format.
    rate_hz
        Nominal rate.
    unit
        Of the acceleration in the file.
    gravity
        Of the recording: what the file holds, or the sum where gravity lies beside it.
    sign
        1 where specific force is written, -1 where CoreMotion's sign is, None where unknown.
    reason
        Word in the message, where there is no recording.
    """

    verdict: Verdict
    format: str = ""
    rate_hz: float = 0.0
    unit: str = ""
    gravity: str = "total"
    sign: int | None = 1
    reason: str = ""


def _refused(reason: str) -> Sample:
    return Sample("refused", reason=reason)


SAMPLES: dict[str, Sample] = {
    # .bin and .gt3x and .cwa: g, total; idle sleep between the stretches of the gt3x
    "actigraph/actigraph_testfile.gt3x": Sample("ok", "actigraph-gt3x", 30, "g"),
    "axivity/ax3_testfile.cwa": Sample("ok", "axivity-cwa", 100, "g"),
    "geneactiv/GENEActiv_testfile.bin": Sample("ok", "geneactiv-bin", 85.7, "g"),
    "geneactiv/genea_testfile.bin": Sample("ok", "genea-bin", 80, "g"),
    # 64.08 Hz, g
    "empatica_embraceplus/1-1-01_1764754394.avro": Sample(
        "ok", "empatica-embraceplus-avro", 64.08, "g"
    ),
    "faros/meta.json": Sample("failed", reason="isn't a recording"),
    # m/s2 total, 52.6 Hz
    "matlab_mobile/ExampleData.mat": Sample("ok", "matlab-mobile", 52.6, "m/s2"),
    # "MovesenseLog": 8 samples a stamp, m/s2
    "movesense/MovesenseLog_2_625.json": Sample("ok", "movesense", 106.9, "m/s2"),
    # frames 0x51 without a clock
    "witmotion/sdcard_example_data.TXT": _refused("no time column"),
    # "at 40 Hz", g, total
    "actigraph/actigraph_timestamped.csv": Sample("ok", "actigraph", 40, "g"),
    # "Not acceleration: refuse"
    "actigraph_counts/ActiGraph13.csv": _refused("counts"),
    # "2 Hz (useless for strides)"
    "androsensor/orig_Downstairs1.csv": _refused("2 readings a second"),
    "androsensor/orig_Walking14.csv": _refused("2 readings a second"),
    # g, user acceleration + gravity, Apple's sign; a gap of 12.37 s
    "apple_watch_sensor_logger/WristMotion.csv": Sample("ok", "sensor-logger", 100, "g", sign=-1),
    # g, total, unix s
    "axivity/ax3_testfile_unix_timestamps.csv": Sample("ok", "axivity", 100, "g"),
    # "unit is free text in Studio, not in the CSV", and the excerpt is being shaken
    "edge_impulse/excerpt_readme_example.csv": _refused("unit"),
    # 32 Hz, 1/64 g, total
    "empatica_e4/ACC.csv": Sample("ok", "empatica-e4", 32, "g/64"),
    "empatica_e4/tags.csv": Sample("failed", reason="isn't a recording"),
    "empatica_e4/info.txt": Sample("failed", reason="isn't a recording"),
    # mg, 25 Hz in meta.json
    "faros/ACC.csv": Sample("ok", "faros", 25, "mg"),
    # m/s2 total; creation time runs backward where rows arrived out of order
    "hhar/Phones_accelerometer.csv": Sample("ok", "hhar", 200, "m/s2"),
    "hhar/Watch_accelerometer.csv": Sample("ok", "hhar", 100, "m/s2"),
    # total; 57-61 % repeated rows at 20 ms
    "hyperimu/HIMU-new_with_timestamp.csv": Sample("ok", "hyperimu", 18.8, "m/s2"),
    "hyperimu/short_y_impulse.csv": Sample("ok", "hyperimu", 15.8, "m/s2"),
    # total, g, 100 Hz
    "metamotion/gait_100Hz_Accelerometer.csv": Sample("ok", "metamotion", 100, "g"),
    # g, rounded stamps of 80 Hz
    "mhealth/mhealth.csv": Sample("ok", "mhealth", 80, "g"),
    "nasty/counts_vectormagnitude.csv": _refused("magnitude"),
    "nasty/dot_semicolon_decimal_comma_no_acc.csv": _refused("no acceleration"),
    "nasty/git_lfs_pointer_data_1600_accel_watch.txt": _refused("LFS"),
    # phyphox, 3 digits: stamps collapse; header says m/s^2 with gravity
    "nasty/phyphox_resaved_by_Excel_3_digits.csv": Sample("ok", "phyphox", 51.7, "m/s^2"),
    # Sensor Logger's TotalAcceleration with other names: nothing tells the sign any more
    "nasty/sensorlogger_renamed_Timestamp_TotalAcceleration.csv": Sample(
        "ok", "plain", 104, "m/s2", sign=None
    ),
    # g, total, 50 Hz
    "ngimu/LOG_0029_sensors.csv": Sample("ok", "x-io", 50, "g"),
    "phyphox/excerpt_semicolon_decimal_comma_gyro.csv": _refused("no acceleration"),
    # X (m/s^2): the file name decides
    "phyphox/gait50Hz_Accelerometer.csv": Sample("ok", "phyphox", 49.7, "m/s^2"),
    "phyphox/gait50Hz_Gyroscope.csv": _refused("no acceleration"),
    "phyphox/ios_walk_Linear Accelerometer.csv": Sample(
        "ok", "phyphox", 100.7, "m/s^2", gravity="linear"
    ),
    "phyphox/ios_walk_meta_device.csv": Sample("failed", reason="isn't a recording"),
    "phyphox/ios_walk_meta_time.csv": _refused("no acceleration"),
    # Linear Acceleration, tabs
    "phyphox/tab_Raw Data.csv": Sample("ok", "phyphox", 100, "m/s^2", gravity="linear"),
    "phyphox/tab_device.csv": Sample("failed", reason="isn't a recording"),
    "phyphox/tab_time.csv": _refused("no acceleration"),
    # "N file: rows 44 Hz, gF 14.7 Hz"
    "physics_toolbox/multirecord_N.csv": Sample("ok", "physics-toolbox", 14.66, "g"),
    # one row
    "polar/excerpt_one_row_ACC.txt": _refused("1 sample"),
    # m/s2 total, about 15 Hz
    "science_journal/excerpt_relative_time.csv": Sample("ok", "science-journal", 15.8, "m/s2"),
    # g, total, CoreMotion's sign, 20 Hz after a burst
    "sensor_app_ios/standing.csv": Sample("ok", "sensor-app", 20, "g", sign=-1),
    "sensor_app_ios/walking3.csv": Sample("ok", "sensor-app", 20, "g", sign=-1),
    # linear on both platforms; on iOS Gravity.csv beside it makes it total
    "sensor_logger/android_Accelerometer.csv": Sample(
        "ok", "sensor-logger", 100, "m/s2", gravity="linear"
    ),
    "sensor_logger/android_Metadata.csv": _refused("no acceleration"),
    "sensor_logger/android_SM-N986B_2023-11-24_07-25-54.zip": Sample(
        "ok", "sensor-logger", 100, "m/s2"
    ),
    "sensor_logger/android_TotalAcceleration.csv": Sample("ok", "sensor-logger", 100, "m/s2"),
    "sensor_logger/ios_iPhone13_Accelerometer.csv": Sample(
        "ok", "sensor-logger", 100, "m/s2", sign=-1
    ),
    "sensor_logger/ios_iPhone13_Gravity.csv": _refused("gravity"),
    "sensor_logger/ios_iPhone13_Gyroscope.csv": _refused("gyroscope"),
    "sensor_logger/ios_iPhone13_Metadata.csv": _refused("no acceleration"),
    # G, total, CoreMotion's sign, its own clock without jitter
    "sensorlog_ios/charlie_phone_540.csv": Sample("ok", "sensorlog", 100.2, "g", sign=-1),
    # m/(s^2); 19 ms median step, streamed
    "shimmer/consensys_semicolon.csv": Sample("ok", "shimmer", 52, "m/(s^2)"),
    # five rows, 107 ms apart
    "wisdm/WISDM_ar_v1.1_raw.txt": _refused("readings a second"),
    "wisdm/WISDM_ar_v1.1_raw_about.txt": Sample("failed", reason="isn't a recording"),
    # g, total, 400 Hz, 205 duplicates
    "xio_ximu3/short_walk.csv": Sample("ok", "x-io", 400, "g"),
    # FreeAcc_: gravity removed, in the earth's frame
    "xsens_dot/Pelvis_20210820_202113_836.csv": Sample(
        "ok", "xsens-dot", 60, "m/s2", gravity="linear"
    ),
    "xsens_dot/bei_D4CA6EF17860_20210830_170505.csv": Sample("ok", "xsens-dot", 120, "m/s2"),
    # time = PacketCounter / Update Rate, 100 Hz, total
    "xsens_mtw/MT_012005D6_009-001_00B421E6.txt": Sample("ok", "xsens-mtw", 100, "m/s2"),
}
"""Every sample, by its path."""
