"""How long the page of many sessions takes and how large it is.

    python tests/benchmarks/report_size.py [--sessions 200] [--bouts 20]

A simulated session of alternating legs is labelled once and told as often as asked.
"""

import argparse
import json
import time

import retrodetect as rd
from retrodetect.direction import store
from retrodetect.lab.simulate import Session, record
from retrodetect.report import page, trace_of, view_of
from retrodetect.tables import sessions_table
from retrodetect.tally import tally
from retrodetect.tally.details import details
from retrodetect.tally.energy import Course, Pace
from retrodetect.tally.folder import weeks

LEGS = "walk backward 20s, stand 5s, walk forward 15s, stand 5s"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--bouts", type=int, default=20)
    options = parser.parse_args()
    made = record(Session(plan=", ".join([LEGS] * (options.bouts // 2)), placement="waist"))
    recording = made[0] if isinstance(made, tuple) else made
    model = store.load("default")
    result = rd.label(recording, model=model, starts="backward")
    strides, contacts_s = result.strides, result.contacts_s
    found = details(strides, contacts_s, "waist", Course.of(recording), Pace())
    trace = trace_of(recording)
    lists = {"bouts": found.bouts.to_dict("list"), "repeats": found.repeats.to_dict("list")}
    row = {
        "recording": "walk.csv", "status": "ok", "message": "", "format": "made",
        "placement": "waist", "front": "marked", "rate_hz": recording.rate_hz,
        "duration_s": recording.duration_s, **tally(strides), **found.fields, "start_time": "",
    }  # fmt: skip
    run = {
        "version": "0", "model": {"name": "default", "sha256": ""}, "times": {"began": ""},
        "counts": {"inputs": options.sessions, "ok": options.sessions},
    }  # fmt: skip
    began = time.perf_counter()
    views = [
        {
            **view_of(
                recording,
                strides,
                contacts_s,
                trace,
                found.bouts,
                path="walk.csv",
                cautions=[],
                fine=False,
            ),
            "lists": lists,
        }
        for _ in range(options.sessions)
    ]
    sessions = sessions_table([row] * options.sessions)
    html = page(sessions, views, model.card, run, weeks(sessions))
    took = {"took_s": round(time.perf_counter() - began, 2), "mb": round(len(html) / 1e6, 2)}
    print(json.dumps({"sessions": options.sessions, "bouts": len(found.bouts), **took}))


if __name__ == "__main__":
    main()
