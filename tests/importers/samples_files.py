"""Tables, JSON and databases of tools, written as those tools write them."""

# ruff: noqa: E501 - lines are as long as tools write them

import gzip
import json
import sqlite3
from contextlib import closing

from importers.samples import Sample, file_sample

KERAS = "epoch,loss,mae,val_loss,val_mae\n" + "".join(
    f"{e},{0.9 / (e + 1)!r},{0.8 / (e + 1)!r},{1.1 / (e + 1)!r},{1.0 / (e + 1)!r}\n" for e in range(3)
)
LIGHTNING = """\
epoch,lr-SGD,step,test_acc,train_loss_epoch,train_loss_step,val/acc,val_loss
,0.1,0,,,,,
0,,1,,,0.20819592475891113,,
,0.1,3,,,,,
0,,3,,,,0.5,0.07017622888088226
0,,3,,0.24230057001113892,,,
1,,5,,,0.004741172306239605,,
1,,7,,,,0.5,0.03648475930094719
1,,7,,0.06747002899646759,,,
2,,8,0.25,,,,
"""
ULTRALYTICS = """\
                  epoch,             time,   train/box_loss,  metrics/mAP50(B),metrics/mAP50-95(B),   val/box_loss,           lr/pg0
                      1,          12.3456,          1.01234,           0.42110,            0.25540,        1.20010,         0.003333
                      2,          23.9876,          0.91234,           0.52110,            0.31540,        1.10010,         0.006533
"""
TIMM = """\
epoch,train_loss,eval_loss,eval_top1,eval_top5,lr
0,6.933,6.8025,0.4906,1.0766,1e-06
1,6.75,5.8025,3.4906,11.0766,0.04008
"""
WANDB_CHART = """\
"Step","run-a - val/loss","run-a - val/loss__MIN","run-a - val/loss__MAX","run - b - val/loss","run - b - val/loss__MIN","run - b - val/loss__MAX"
"0","0.5","0.4","0.6","0.7","0.7","0.7"
"10","0.25","0.25","0.25","","",""
"20","","","","NaN","NaN","NaN"
"""
WANDB_RUNS = """\
"Name","State","Notes","User","Tags","Created","Runtime","Sweep","lr","optimizer","batch_size","_step","train/loss","val/acc"
"crisp-sun-1","finished","first, with
two lines","me","","2024-03-01T10:00:00.000Z","61","","0.001","adam","32","99","0.25","0.91"
"dark-sea-2","crashed","","me","try","2024-03-01T11:00:00.000Z","5","","0.01","sgd","32","3","2.5",""
"""
RUNS_IN_ONE = "run,step,loss\n" + "".join(f"{run},{step},{1 / (step + 1)}\n" for step in range(3) for run in "ab")
MAE = "".join(
    json.dumps(
        {"train_lr": 1e-4 * e, "train_loss": 3 / (e + 1), "test_acc1": 35.75 + e, "epoch": e, "n_parameters": 85}
    )
    + "\n"
    for e in range(3)
)
FAIRSEQ = """\
{"epoch": 1, "train_loss": "12.346", "train_ppl": "4405.16", "train_num_updates": "100", "train_lr": "1.25e-05"}
{"epoch": 1, "valid_loss": "11.1", "valid_ppl": "2194.9", "valid_num_updates": "100"}
{"epoch": 2, "train_loss": "10.846", "train_ppl": "1265.16", "train_num_updates": "200", "train_lr": "2.5e-05"}
{"epoch": 2, "valid_loss": "10.1", "valid_ppl": "1097.5", "valid_num_updates": "200"}
"""
MMDETECTION = """\
{"env_info": "sys.platform: linux\\nPython: 3.8", "seed": 3, "exp_name": "faster_rcnn.py"}
{"mode": "train", "epoch": 1, "iter": 50, "lr": 0.002, "memory": 3902, "data_time": 0.05, "loss_cls": 0.5, "loss": 1.2, "time": 0.31}
{"mode": "train", "epoch": 1, "iter": 100, "lr": 0.002, "memory": 3902, "data_time": 0.05, "loss_cls": 0.4, "loss": 1.1, "time": 0.32}
{"mode": "val", "epoch": 1, "iter": 625, "lr": 0.002, "bbox_mAP": 0.1, "bbox_mAP_copypaste": "0.100 0.200"}
{"mode": "train", "epoch": 2, "iter": 50, "lr": 0.002, "memory": 3902, "data_time": 0.05, "loss_cls": 0.3, "loss": 1.0, "time": 0.30}
{"mode": "val", "epoch": 2, "iter": 625, "lr": 0.002, "bbox_mAP": 0.2, "bbox_mAP_copypaste": "0.200 0.300"}
"""
MMENGINE = """\
{"lr": 0.02, "data_time": 0.2, "loss": 1.5, "time": 0.4, "epoch": 1, "iter": 50, "memory": 100, "step": 50}
{"lr": 0.02, "data_time": 0.2, "loss": 1.4, "time": 0.4, "epoch": 1, "iter": 100, "memory": 100, "step": 100}
{"coco/bbox_mAP": 0.1, "data_time": 0.1, "time": 0.3, "step": 1}
{"lr": 0.02, "data_time": 0.2, "loss": 1.3, "time": 0.4, "epoch": 2, "iter": 150, "memory": 100, "step": 150}
{"coco/bbox_mAP": 0.2, "data_time": 0.1, "time": 0.3, "step": 2}
"""
DETECTRON = """\
{"data_time": 0.01, "eta_seconds": 100.0, "fast_rcnn/cls_accuracy": 0.9, "iteration": 19, "loss_cls": 0.5, "time": 0.3, "total_loss": 1.5}
{"bbox/AP": 30.5, "bbox/AP-person": NaN, "data_time": 0.01, "iteration": 39, "loss_cls": 0.4, "time": 0.2, "total_loss": 1.2}
"""
OWN = """\
{"v":1,"kind":"attempt","attempt":1,"host":"box","pid":3,"device":"cuda:0","threads":1,"at":1700000000.0}
{"v":1,"kind":"step","phase":"train","epoch":0,"step":1,"loss":0.5,"time":1.5}
{"v":1,"kind":"eval","phase":"valid","epoch":0,"step":1,"auc":"NaN"}
{"v":1,"kind":"norms","step":1,"group":"encoder","param_mean":1.0,"param_std":0.1,"grad_mean":0.2,"grad_std":0.1}
{"v":1,"kind":"saved","path":"best.pt","step":1,"label":"best"}
{"v":1,"kind":"sweep_ended","status":"finished"}
"""
TRAINER_STATE = {
    "best_global_step": 20, "best_metric": 0.8, "best_model_checkpoint": "out/checkpoint-20", "epoch": 2.0,
    "eval_steps": 500, "global_step": 40, "is_hyper_param_search": False, "is_local_process_zero": True,
    "log_history": [
        {"epoch": 0.5, "grad_norm": 1.5, "learning_rate": 1e-05, "loss": 0.7, "step": 10},
        {"epoch": 1.0, "eval_accuracy": 0.8, "eval_loss": 0.5, "eval_runtime": 1.5, "step": 20},
        {"epoch": 2.0, "loss": 0.3, "step": 40},
        {"epoch": 2.0, "eval_accuracy": 0.7, "eval_loss": 0.6, "eval_runtime": 1.5, "step": 40},
        {"epoch": 2.0, "step": 40, "total_flos": 123456789012345678, "train_loss": 0.5, "train_runtime": 10.0},
        {"epoch": 2.0, "step": 40, "test_accuracy": 0.5},
    ],
    "logging_steps": 10, "max_steps": 40, "num_train_epochs": 2, "train_batch_size": 8, "trial_name": None,
}  # fmt: skip
ALL_RESULTS = {"epoch": 2.0, "eval_accuracy": 0.7, "eval_loss": 0.6, "train_loss": 0.5, "train_runtime": 10.0}
KERAS_HISTORY = {"loss": [3.0, 2.0, 1.0], "val_loss": [4.0, float("nan"), 2.0]}
TRACKIO_LINES = "".join(
    json.dumps({
        "v": 1, "kind": "metric", "project": "p", "run": run, "run_id": f"id-{run}", "metrics": {"train/loss": 1 / (s + 1)},
        "step": s, "timestamp": f"2024-03-01T10:00:0{s}+00:00", "config": {"lr": 0.1}, "log_id": f"{run}{s}",
    }) + "\n"
    for run in "ab" for s in range(3)
)  # fmt: skip
JOURNAL = """\
{"op_code":0,"worker_id":"w-1","study_name":"one","directions":[2]}
{"op_code":4,"worker_id":"w-1","study_id":0,"datetime_start":"2024-03-01T10:00:00.250000"}
{"op_code":5,"worker_id":"w-1","trial_id":0,"param_name":"n","param_value_internal":3.0,"distribution":"{\\"name\\": \\"IntDistribution\\", \\"attributes\\": {\\"log\\": false, \\"step\\": 1, \\"low\\": 1, \\"high\\": 8}}"}
{"op_code":5,"worker_id":"w-1","trial_id":0,"param_name":"c","param_value_internal":1,"distribution":"{\\"name\\": \\"CategoricalDistribution\\", \\"attributes\\": {\\"choices\\": [\\"a\\", null]}}"}
{"op_code":7,"worker_id":"w-1","trial_id":0,"step":0,"intermediate_value":0.25}
{"op_code":7,"worker_id":"w-1","trial_id":0,"step":1,"intermediate_value":NaN}
{"op_code":6,"worker_id":"w-1","trial_id":0,"state":1,"values":[0.75],"datetime_complete":"2024-03-01T10:00:01"}
{"op_code":4,"worker_id":"w-1","study_id":0,"datetime_start":"2024-03-01T10:00:02"}
{"op_code":6,"worker_id":"w-1","trial_id":1,"state":3,"values":null,"datetime_complete":"2024-03-01T10:00:03"}
"""
RAY_RESULT = "".join(
    json.dumps({
        "loss": 0.1 / n, "val": {"acc": n / 10}, "timestamp": 1700000000 + n, "done": False, "training_iteration": n,
        "trial_id": "b36df_00000", "date": "2023-11-14_22-13-20", "time_this_iter_s": 0.5, "time_total_s": n / 2,
        "pid": 7, "hostname": "box", "node_ip": "10.0.0.1", "config": {"lr": 0.1, "m": {"h": 4}},
    }) + "\n"
    for n in (1, 2, 3)
)  # fmt: skip
RAY_PROGRESS = """\
loss,timestamp,done,training_iteration,trial_id,date,time_total_s,pid,hostname,node_ip,config/lr,val/acc
0.2,1700000001,False,1,b36df_00001,2023-11-14_22-13-21,0.5,8,box,10.0.0.1,0.2,0.0
"""


def ray_experiment(folder):
    """Three trials: one that is whole, one that failed, and one that never reported."""
    for number, result in enumerate((RAY_RESULT, RAY_RESULT.split("\n", 1)[0] + "\n", "")):
        trial = (
            folder
            / "train_2023-11-14_22-13-19"
            / f"train_b36df_0000{number}_{number}_lr=0.{number}_2023-11-14_22-13-19"
        )
        trial.mkdir(parents=True)
        (trial / "result.json").write_text(result)
        (trial / "params.json").write_text(json.dumps({"lr": number / 10}))
        if number == 1:
            (trial / "error.txt").write_text("Failure # 1\nray::train()\nValueError: boom\n")
    return folder / "train_2023-11-14_22-13-19"


def checkpoints(folder):
    """A run of the Hugging Face Trainer with two checkpoints, the older of which knows less."""
    for step, entries in ((20, 2), (40, 5)):
        state = {**TRAINER_STATE, "global_step": step, "log_history": TRAINER_STATE["log_history"][:entries]}
        (folder / "bert" / f"checkpoint-{step}").mkdir(parents=True)
        (folder / "bert" / f"checkpoint-{step}" / "trainer_state.json").write_text(json.dumps(state, indent=2))
    return folder / "bert"


MLFLOW_METRICS = {
    "train/loss": "1700000001000 1.0 0\n1700000002000 0.5 1\n1700000003000 nan 2\n",
    "val_acc": "1700000002500 0.1 1\n1700000003500 0.30000000000000004 2\n",
    "f1": "1700000004000 0.5 0\n",
}


def mlruns(folder):
    """A file store with one experiment: a run that finished, one that failed, one that was deleted."""
    experiment = folder / "mlruns" / "217371107149898285"
    for number, (name, status, stage) in enumerate(
        (("first", 3, "active"), ("second", 4, "active"), ("third", 3, "deleted"))
    ):
        run = experiment / (f"{number}" * 32)
        for metric, lines in MLFLOW_METRICS.items():
            (run / "metrics" / metric).parent.mkdir(parents=True, exist_ok=True)
            (run / "metrics" / metric).write_text(lines)
        for part, values in (("params", {"lr": "0.001", "opt": "adam"}), ("tags", {"mlflow.note.content": "my words"})):
            (run / part).mkdir()
            for key, value in values.items():
                (run / part / key).write_text(value)
        (run / "meta.yaml").write_text(
            f"run_id: '{run.name}'\nrun_name: {name}\nexperiment_id: '217371107149898285'\nstatus: {status}\n"
            f"lifecycle_stage: {stage}\nstart_time: 1700000000000\nend_time: 1700000005000\n"
        )
    (experiment / "meta.yaml").write_text(
        "experiment_id: '217371107149898285'\nname: exp one\nlifecycle_stage: active\ncreation_time: 1700000000000\n"
    )
    return folder / "mlruns"


SACRED_METRICS = {
    "train.loss": {"steps": [0, 1], "timestamps": ["2024-03-01T10:00:01", "2024-03-01T10:00:02"], "values": [1.0, 0.5]},
    "accuracy": {"steps": [1], "timestamps": ["2024-03-01T10:00:02"], "values": [{"dtype": "float64", "value": 0.75}]},
    "odd": {"steps": [1], "values": [1]},
}


def sacred(folder):
    """Two runs, the second of which failed before it measured anything."""
    for number, status in ((1, "COMPLETED"), (2, "FAILED")):
        run = folder / "runs" / str(number)
        run.mkdir(parents=True)
        told = {"experiment": {"name": "mnist"}, "status": status, "start_time": "2024-03-01T10:00:00", "meta": {}}
        failed = {"fail_trace": ["Traceback\n", "ValueError: boom\n"]} if number == 2 else {}
        (run / "run.json").write_text(json.dumps({**told, **failed, "stop_time": "2024-03-01T10:00:05"}))
        (run / "config.json").write_text(json.dumps({"lr": number / 10, "seed": 7}))
        (run / "metrics.json").write_text(json.dumps(SACRED_METRICS if number == 1 else {}))
    (folder / "runs" / "_sources").mkdir()
    return folder / "runs"


def database(importer, name, script, **expected):
    """A sample that is an SQLite file."""

    def make(folder):
        with closing(sqlite3.connect(folder / f"{name}.db")) as connection:
            connection.executescript(script)
        return folder / f"{name}.db"

    return Sample(importer, name, make, **expected)


MLFLOW_DATABASE = """
CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT, creation_time BIGINT);
CREATE TABLE runs (run_uuid TEXT, name TEXT, status TEXT, start_time BIGINT, end_time BIGINT, lifecycle_stage TEXT,
    experiment_id INTEGER);
CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, step BIGINT, is_nan BOOLEAN);
CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
INSERT INTO experiments VALUES (1, 'exp one', 'active', 1700000000000), (2, 'gone', 'deleted', 1700000000000);
INSERT INTO runs VALUES ('aa', 'first', 'FINISHED', 1700000000000, 1700000005000, 'active', 1),
    ('bb', 'second', 'KILLED', 1700000001000, NULL, 'active', 1), ('cc', 'third', 'FINISHED', 0, 0, 'deleted', 1);
INSERT INTO metrics VALUES ('train/loss', 1.0, 1700000001000, 'aa', 0, 0), ('train/loss', 0.5, 1700000002000, 'aa', 1, 0),
    ('f1', 0.5, 1700000002000, 'aa', 0, 0), ('f1', 0.0, 1700000003000, 'aa', 0, 1),
    ('huge', 1.7976931348623157e308, 1700000003000, 'aa', 0, 0), ('val_acc', 0.1, 1700000002000, 'bb', 3, 0);
INSERT INTO params VALUES ('lr', '0.001', 'aa'), ('layers', '[1, 2]', 'aa'), ('opt', 'adam', 'aa');
INSERT INTO tags VALUES ('mlflow.parentRunId', 'aa', 'bb'), ('mlflow.runName', 'first', 'aa'), ('team', 'x', 'aa');
"""
TRACKIO_DATABASE = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, timestamp TEXT NOT NULL,
    run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT);
CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, run_name TEXT NOT NULL,
    config TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE(run_id));
INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES
    ('r1', '2024-03-01T10:00:00+00:00', 'run-a', 0, X'7b22747261696e2f6c6f7373223a312e307d'),
    ('r2', '2024-03-01T10:00:00+00:00', 'run-b', 0, '{"train/loss":2.0}'),
    ('r1', '2024-03-01T10:00:02+00:00', 'run-a', 1, '{"train/loss":"NaN","val":{"acc":0.5},"picture":{"_type":"x"}}');
INSERT INTO configs (run_id, run_name, config, created_at) VALUES
    ('r1', 'run-a', '{"lr":0.001,"_Username":null,"_Created":"2024","_Group":null}', '2024-03-01T10:00:00+00:00');
"""
OPTUNA_DATABASE = """
CREATE TABLE studies (study_id INTEGER PRIMARY KEY, study_name TEXT);
CREATE TABLE study_directions (study_id INTEGER, direction TEXT, objective INTEGER);
CREATE TABLE trials (trial_id INTEGER, number INTEGER, study_id INTEGER, state TEXT, datetime_start TEXT,
    datetime_complete TEXT);
CREATE TABLE trial_params (param_id INTEGER PRIMARY KEY, trial_id INTEGER, param_name TEXT, param_value FLOAT,
    distribution_json TEXT);
CREATE TABLE trial_values (trial_id INTEGER, objective INTEGER, value FLOAT);
CREATE TABLE trial_intermediate_values (trial_id INTEGER, step INTEGER, intermediate_value FLOAT);
CREATE TABLE trial_user_attributes (trial_id INTEGER, key TEXT, value_json TEXT);
INSERT INTO studies VALUES (1, 'old');
INSERT INTO study_directions VALUES (1, 'MINIMIZE', 0);
INSERT INTO trials VALUES (1, 0, 1, 'COMPLETE', '2024-03-01 10:00:00.5', '2024-03-01 10:00:02'),
    (2, 1, 1, 'RUNNING', '2024-03-01 10:00:03', NULL), (3, 2, 1, 'WAITING', NULL, NULL);
INSERT INTO trial_params VALUES (1, 1, 'x', 0.5, '{"name": "UniformDistribution", "attributes": {"low": 0.0, "high": 1.0}}');
INSERT INTO trial_values VALUES (1, 0, 0.25);
INSERT INTO trial_intermediate_values VALUES (1, 0, 0.75), (1, 1, NULL), (2, 0, 0.5);
INSERT INTO trial_user_attributes VALUES (1, 'seconds', '12.5'), (1, 'machine', '"box"');
"""

SAMPLES = [
    file_sample("csv", "keras", "history.csv", KERAS, runs=1, steps=3, evaluations=3),
    file_sample("csv", "runs", "all.tsv", RUNS_IN_ONE.replace(",", "\t"), runs=2, steps=6, evaluations=0),
    file_sample("csv", "packed", "history.csv.gz", gzip.compress(KERAS.encode(), mtime=0), runs=1, steps=3),
    file_sample("lightning", "csv", "metrics.csv", LIGHTNING, runs=1, steps=6, evaluations=3),
    file_sample("ultralytics", "csv", "results.csv", ULTRALYTICS, runs=1, steps=2, evaluations=2),
    file_sample("timm", "csv", "summary.csv", TIMM, runs=1, steps=2, evaluations=2),
    file_sample("wandb-chart", "chart", "wandb_export.csv", WANDB_CHART, runs=2, steps=0, evaluations=4),
    file_sample("wandb-runs", "runs", "wandb_export.csv", WANDB_RUNS, runs=2, evaluations=3),
    file_sample("jsonl", "mae", "log.txt", MAE, runs=1, steps=3, evaluations=3),
    file_sample("jsonl", "fairseq", "log.json", FAIRSEQ, runs=1, steps=2, evaluations=2),
    file_sample("openmmlab", "mmdetection", "x.log.json", MMDETECTION, runs=1, steps=3, evaluations=2),
    file_sample("openmmlab", "mmengine", "scalars.json", MMENGINE, runs=1, steps=3, evaluations=2),
    file_sample("detectron2", "metrics", "metrics.json", DETECTRON, runs=1, steps=2, evaluations=1),
    file_sample("events", "own", "events.jsonl", OWN, runs=1, steps=1, evaluations=1),
    file_sample("hf-trainer", "state", "trainer_state.json", json.dumps(TRAINER_STATE), runs=1, steps=3, evaluations=3),
    Sample("hf-trainer", "checkpoints", checkpoints, runs=1, steps=3, evaluations=2),
    file_sample("json", "results", "all_results.json", json.dumps(ALL_RESULTS, indent=4), runs=1, evaluations=2),
    file_sample("json", "history", "history.json", json.dumps(KERAS_HISTORY), runs=1, steps=3, evaluations=3),
    file_sample(
        "json", "records", "log.json", json.dumps([json.loads(line) for line in MAE.splitlines()]), runs=1, steps=3
    ),
    file_sample("ray", "result", "result.json", RAY_RESULT, runs=1, steps=0, evaluations=3),
    file_sample("ray", "progress", "progress.csv", RAY_PROGRESS, runs=1, steps=0, evaluations=1),
    Sample("ray", "experiment", ray_experiment, runs=3, steps=0, evaluations=4),
    file_sample("trackio", "inbox", "00000000.jsonl", TRACKIO_LINES, runs=2, steps=6, evaluations=0),
    database("trackio", "project", TRACKIO_DATABASE, runs=2, steps=3, evaluations=1),
    Sample("mlflow", "store", mlruns, runs=2, steps=6, evaluations=6),
    Sample("sacred", "runs", sacred, runs=2, steps=2, evaluations=1),
    database("mlflow-sqlite", "mlflow", MLFLOW_DATABASE, runs=2),
    file_sample("optuna-journal", "journal", "journal.log", JOURNAL, runs=2, steps=0, evaluations=3),
    database("optuna-sqlite", "optuna", OPTUNA_DATABASE, runs=2, steps=0, evaluations=4),
]
