"""Printed logs of tools, written as those tools write them."""

import gzip

from importers.samples import file_sample

LOOP = "".join(f"epoch {e} step {10 * s} loss: {1 / (s + e + 1):.4f}\n" for e in range(2) for s in range(3))
STARTS = "".join(
    f"--- Starting trial: run-{n}\n{{'units': {16 + n}, 'dropout': 0.1}}\nstep 1 loss 0.5\nval acc: 0.{n + 5}\n"
    for n in range(3)
)
UNKNOWN = "".join(f"tick {n} energy {1 / (n + 1):.3f} volume {n * 0.5:.2f}\n" for n in range(5))

TIMM = """\
Training with a single process on 1 device (cuda:0).
Model resnet50 created, param count:25557032
Scheduled epochs: 2. LR stepped per epoch.
Train: 0 [   0/1251 (  0%)]  Loss: 6.93 (6.93)  Time: 5.339s,   47.95/s  (5.339s,   47.95/s)  LR: 1.000e-06  Data: 2.342 (2.342)
Train: 0 [  50/1251 (  4%)]  Loss: 6.92 (6.93)  Time: 0.291s,  879.72/s  (0.390s,  656.41/s)  LR: 1.000e-06  Data: 0.010 (0.056)
Train: 0 [1250/1251 (100%)]  Loss: 6.91 (6.92)  Time: 0.270s,  948.15/s  (0.301s,  850.50/s)  LR: 1.000e-06  Data: 0.000 (0.020)
Test: [   0/48]  Time: 4.567 (4.567)  Loss:  6.8125 (6.8125)  Acc@1:  0.3906 ( 0.3906)  Acc@5:  0.9766 ( 0.9766)
Test: [  48/48]  Time: 0.067 (0.567)  Loss:  6.8125 (6.8025)  Acc@1:  0.3906 ( 0.4906)  Acc@5:  0.9766 ( 1.0766)
Current checkpoints:
 ('./output/train/checkpoint-0.pth.tar', 0.4906)

Train: 1 [   0/1251 (  0%)]  Loss: 6.81 (6.81)  Time: 5.339s,   47.95/s  (5.339s,   47.95/s)  LR: 4.008e-02  Data: 2.342 (2.342)
Train: 1 [1250/1251 (100%)]  Loss: 6.71 (6.75)  Time: 0.270s,  948.15/s  (0.301s,  850.50/s)  LR: 4.008e-02  Data: 0.000 (0.020)
Test: [  48/48]  Time: 0.067 (0.567)  Loss:  5.8125 (5.8025)  Acc@1:  3.3906 ( 3.4906)  Acc@5:  9.9766 (11.0766)
*** Best metric: 3.4906 (epoch 1)
"""

MMDET = """\
2020-09-01 10:00:00,123 - mmdet - INFO - Start running, host: me@box, work_dir: /work
2020-09-01 10:00:00,124 - mmdet - INFO - workflow: [('train', 1)], max: 12 epochs
2020-09-01 10:00:20,100 - mmdet - INFO - Epoch [1][50/7330]\tlr: 1.978e-03, eta: 1 day, 2:33:44, time: 0.436, data_time: 0.052, memory: 3900, loss_rpn_cls: 0.6354, loss_rpn_bbox: 0.1054, loss_cls: 0.9800, acc: 88.5117, loss_bbox: 0.0442, loss: 1.7650
2020-09-01 10:00:40,100 - mmdet - INFO - Epoch [1][100/7330]\tlr: 3.976e-03, eta: 23:10:05, time: 0.367, data_time: 0.009, memory: 3900, loss_rpn_cls: 0.4354, loss_rpn_bbox: 0.1004, loss_cls: 0.5800, acc: 93.5117, loss_bbox: 0.0842, loss: 1.2000
2020-09-01 11:00:00,000 - mmdet - INFO - Saving checkpoint at 1 epochs
2020-09-01 11:10:00,000 - mmdet - INFO - Epoch(val) [1][625]\tbbox_mAP: 0.2340, bbox_mAP_50: 0.4010, bbox_mAP_copypaste: 0.234 0.401 0.240
2020-09-01 11:10:20,100 - mmdet - INFO - Epoch [2][50/7330]\tlr: 2.000e-02, eta: 22:33:44, time: 0.436, data_time: 0.052, memory: 3900, loss_rpn_cls: 0.3354, loss_rpn_bbox: 0.0954, loss_cls: 0.4800, acc: 94.5117, loss_bbox: 0.1442, loss: 1.0550
2020-09-01 12:10:00,000 - mmdet - INFO - Epoch(val) [2][625]\tbbox_mAP: 0.2740, bbox_mAP_50: 0.4510, bbox_mAP_copypaste: 0.274 0.451 0.280
"""

MMENGINE = """\
2023/01/05 10:00:00 - mmengine - INFO - Epoch(train)  [1][  50/7330]  lr: 1.9820e-03  eta: 1 day, 9:01:47  time: 0.6765  data_time: 0.0184  memory: 5440  loss: 1.5312  loss_rpn_cls: 0.5312  loss_cls: 0.8012
2023/01/05 10:00:30 - mmengine - INFO - Epoch(train)  [1][ 100/7330]  lr: 3.9840e-03  eta: 1 day, 6:01:47  time: 0.5765  data_time: 0.0084  memory: 5440  loss: 1.1312  loss_rpn_cls: 0.3312  loss_cls: 0.6012
2023/01/05 11:00:30 - mmengine - INFO - Epoch(val)  [1][ 50/625]    eta: 0:00:23  time: 0.0405  data_time: 0.0018  memory: 5440
2023/01/05 11:01:30 - mmengine - INFO - Epoch(val) [1][625/625]    coco/bbox_mAP: 0.2310  coco/bbox_mAP_50: 0.4020  data_time: 0.0017  time: 0.0399
"""

DETECTRON = """\
[01/01 12:00:00 d2.engine.train_loop]: Starting training from iteration 0
[01/01 12:00:10 d2.utils.events]:  eta: 0:03:20  iter: 19  total_loss: 1.963  loss_cls: 0.8012  loss_box_reg: 0.5401  time: 0.3310  last_time: 0.3001  data_time: 0.0210  last_data_time: 0.0031   lr: 4.9953e-06  max_mem: 2722M
[01/01 12:00:20 d2.utils.events]:  eta: 0:03:10  iter: 39  total_loss: 1.763  loss_cls: 0.7012  loss_box_reg: 0.5001  time: 0.3210  last_time: 0.3001  data_time: 0.0110  last_data_time: 0.0031   lr: 9.9953e-06  max_mem: 2722M
"""

FAIRSEQ = """\
2021-05-05 10:00:00 | INFO | fairseq_cli.train | Namespace(arch='transformer', lr=[0.0005], max_tokens=4096, seed=1)
2021-05-05 10:00:00 | INFO | fairseq_cli.train | num. model params: 31,502,336 (num. trained: 31,502,336)
2021-05-05 10:01:00 | INFO | train_inner | epoch 001:    100 / 1102 loss=12.346, nll_loss=12.105, ppl=4405.16, wps=25000.1, ups=6.9, wpb=3600.2, bsz=145.4, num_updates=100, lr=1.25e-05, gnorm=2.4, loss_scale=4, train_wall=14, wall=20
2021-05-05 10:02:00 | INFO | train_inner | epoch 001:    200 / 1102 loss=10.846, nll_loss=10.305, ppl=1265.16, wps=25000.1, ups=6.9, wpb=3600.2, bsz=145.4, num_updates=200, lr=2.5e-05, gnorm=1.4, loss_scale=4, train_wall=14, wall=34
2021-05-05 10:10:00 | INFO | valid | epoch 001 | valid on 'valid' subset | loss 9.105 | nll_loss 8.334 | ppl 322.72 | wps 60000.1 | wpb 2835 | bsz 115.6 | num_updates 1102
2021-05-05 10:10:01 | INFO | fairseq.checkpoint_utils | saved checkpoint checkpoints/checkpoint1.pt (epoch 1 @ 1102 updates, score 9.105) (writing took 1.5 seconds)
2021-05-05 10:10:02 | INFO | train | epoch 001 | loss 10.246 | nll_loss 9.705 | ppl 834.16 | wps 25000 | ups 6.9 | wpb 3600 | bsz 145 | num_updates 1102 | lr 0.00013775 | gnorm 1.2 | train_wall 150 | wall 170
2021-05-05 10:20:00 | INFO | valid | epoch 002 | valid on 'valid' subset | loss 8.105 | nll_loss 7.334 | ppl 161.34 | wps 60000.1 | wpb 2835 | bsz 115.6 | num_updates 2204 | best_loss 8.105
2021-05-05 10:20:02 | INFO | train | epoch 002 | loss 8.646 | nll_loss 7.905 | ppl 239.68 | wps 25000 | ups 6.9 | wpb 3600 | bsz 145 | num_updates 2204 | lr 0.0002755 | gnorm 1.2 | train_wall 150 | wall 340
"""

FAIRSEQ_JSON = """\
2021-05-05 10:01:00 | INFO | train_inner | {"epoch": 1, "update": 0.09, "loss": "12.346", "ppl": "4405.16", "wps": "25000.1", "num_updates": "100", "lr": "1.25e-05", "gnorm": "2.4", "train_wall": "14", "wall": "20"}
2021-05-05 10:02:00 | INFO | train_inner | {"epoch": 1, "update": 0.18, "loss": "10.846", "ppl": "1265.16", "wps": "25000.1", "num_updates": "200", "lr": "2.5e-05", "gnorm": "1.4", "train_wall": "14", "wall": "34"}
2021-05-05 10:10:00 | INFO | valid | {"epoch": 1, "valid_loss": "9.105", "valid_ppl": "322.72", "valid_num_updates": "1102"}
2021-05-05 10:10:02 | INFO | train | {"epoch": 1, "train_loss": "10.246", "train_ppl": "834.16", "train_num_updates": "1102", "train_lr": "0.00013775"}
"""

NANOGPT = """\
tokens per iteration will be: 16,384
number of parameters: 10.65M
step 0: train loss 10.9022, val loss 10.8853
iter 0: loss 10.9014, time 25843.51ms, mfu -100.00%
iter 10: loss 10.1023, time 123.45ms, mfu 3.01%
iter 20: loss 9.4012, time 124.01ms, mfu 3.02%
step 250: train loss 2.1022, val loss 2.0853
saving checkpoint to out
iter 250: loss 2.1014, time 2843.51ms, mfu 2.90%
"""

ULTRALYTICS = """\
Ultralytics YOLOv8.0.196 Python-3.10.12 torch-2.0.1+cu118 CUDA:0 (Tesla T4, 15102MiB)
Transferred 319/355 items from pretrained weights
Image sizes 640 train, 640 val

      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size
        1/2      2.72G      1.021      1.453      1.258        222        640: 100%|██████████| 8/8 [00:05<00:00,  1.50it/s]
                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%|██████████| 4/4 [00:02<00:00,  1.70it/s]
                   all        128        929      0.648      0.537      0.605      0.446

      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size
        2/2      2.72G      1.011      1.353      1.248        188        640: 100%|██████████| 8/8 [00:03<00:00,  2.50it/s]
                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%|██████████| 4/4 [00:01<00:00,  2.70it/s]
                   all        128        929      0.668      0.547      0.625      0.456

2 epochs completed in 0.008 hours.
"""

LIGHTNING = (
    "GPU available: True (cuda), used: True\n\n  | Name  | Type   | Params\n---------------------------------\n"
    "0 | model | ResNet | 11.2 M\n---------------------------------\n11.2 M    Trainable params\n"
    "\rSanity Checking: 0it [00:00, ?it/s]\r"
    + "".join(
        f"\rEpoch {e}: {25 * b:3}%|##{' ' * 8}| {b}/4 [00:0{b}<00:01, 9.9it/s, v_num=3, train_loss={1 / (b + e):.3f}]"
        if b < 4
        else f"\rEpoch {e}: 100%|##########| 4/4 [00:04<00:00, 9.9it/s, v_num=3, train_loss=0.3{e}, val_loss=0.4{e}, val_acc=0.8{e}]"
        for e in range(2)
        for b in range(1, 5)
    )
    + "\n`Trainer.fit` stopped: `max_epochs=2` reached.\n"
)

XGBOOST = "".join(f"[{n}]\ttrain-rmse:{1 / (n + 1):.5f}\ttest-rmse:{1.1 / (n + 1):.5f}\n" for n in range(0, 100, 10))
LIGHTGBM = """\
[LightGBM] [Info] Number of positive: 3716, number of negative: 3284
Training until validation scores don't improve for 5 rounds
[10]\tvalid_0's auc: 0.80125\tvalid_0's binary_logloss: 0.571
[20]\tvalid_0's auc: 0.81125\tvalid_0's binary_logloss: 0.551
[30]\tvalid_0's auc: 0.82125\tvalid_0's binary_logloss: 0.541
Early stopping, best iteration is:
[30]\tvalid_0's auc: 0.82125\tvalid_0's binary_logloss: 0.541
"""
CATBOOST = """\
Learning rate set to 0.05
0:\tlearn: 0.6731451\ttest: 0.6745432\tbest: 0.6745432 (0)\ttotal: 52.3ms\tremaining: 52.2s
100:\tlearn: 0.4731451\ttest: 0.4945432\tbest: 0.4945432 (100)\ttotal: 1.3s\tremaining: 12.2s
200:\tlearn: 0.3731451\ttest: 0.4445432\tbest: 0.4445432 (200)\ttotal: 2.3s\tremaining: 10.2s
"""
CHAINER = """\
epoch       main/loss   validation/main/loss  main/accuracy  validation/main/accuracy  elapsed_time
1           0.192916    0.103601              0.941500       0.967500                  9.05948
2           0.0748937   0.0690557             0.977333       0.977500                  11.2365
3           0.0481137   0.0818087             0.984817       0.976100                  13.4071
"""
ESPNET = """\
2020-01-01 10:00:00,000 (trainer:676) INFO: 1epoch:train:1-500batch: iter_time=0.002, forward_time=0.145, loss_ctc=210.1, loss_att=85.3, acc=0.201, loss=122.7, backward_time=0.1, optim0_lr0=1.0e-06, train_time=0.9
2020-01-01 10:05:00,000 (trainer:676) INFO: 1epoch:train:501-1000batch: iter_time=0.001, forward_time=0.135, loss_ctc=110.1, loss_att=75.3, acc=0.301, loss=85.7, backward_time=0.1, optim0_lr0=2.0e-06, train_time=0.8
2020-01-01 10:10:00,000 (trainer:334) INFO: 1epoch results: [train] iter_time=0.002, loss_ctc=160.1, loss_att=80.3, acc=0.251, loss=104.2, time=10 minutes and 1.2 seconds, total_count=1000, [valid] loss_ctc=90.1, loss_att=60.3, acc=0.401, loss=69.2, time=20.1 seconds, total_count=50
"""
KALDI = "".join(
    f"LOG (nnet3-train[5.5.0]:PrintStatsForThisPhase():nnet-training.cc:333) Average objective function for 'output' for minibatches {n * 10}-{n * 10 + 9} is -{4 / (n + 1):.3f} over 12800 frames.\n"
    for n in range(4)
)
FASTAI = """\
epoch     train_loss  valid_loss  accuracy  time
0         0.705876    0.241169    0.918000  00:32
1         0.450546    0.239528    0.926000  00:31
epoch     train_loss  valid_loss  accuracy  time
0         0.335179    0.221836    0.931000  00:33
"""
SKORCH = """\
  epoch    train_loss    valid_acc    valid_loss     dur
-------  ------------  -----------  ------------  ------
      1        0.6905       0.6150        0.6749  0.0207
      2        0.6648       0.6450        0.6633  0.0199
"""
TORCHVISION = """\
Epoch: [0]  [   0/1000]  eta: 0:16:40  lr: 0.1  img/s: 32.1  loss: 6.9512 (6.9512)  acc1: 0.0000 (0.0000)  acc5: 3.1250 (3.1250)  time: 1.0001  data: 0.5001  max mem: 3012
Epoch: [0]  [ 100/1000]  eta: 0:10:40  lr: 0.1  img/s: 52.1  loss: 6.8512 (6.9012)  acc1: 1.0000 (0.5000)  acc5: 4.1250 (3.6250)  time: 0.7001  data: 0.0001  max mem: 3012
Epoch: [0] Total time: 0:09:12
Test:   [ 0/50]  eta: 0:00:40  loss: 6.1512 (6.1512)  acc1: 5.0000 (5.0000)  acc5: 13.1250 (13.1250)  time: 0.8001  data: 0.7001  max mem: 3012
Test:  Acc@1 6.250 Acc@5 14.500
"""
IMAGENET = """\
Epoch: [0][   1/5005]\tTime  4.531 ( 4.531)\tData  2.100 ( 2.100)\tLoss 7.0103e+00 (7.0103e+00)\tAcc@1   0.00 (  0.00)\tAcc@5   0.39 (  0.39)
Epoch: [0][  11/5005]\tTime  0.531 ( 0.931)\tData  0.100 ( 0.300)\tLoss 6.9803e+00 (6.9903e+00)\tAcc@1   0.39 (  0.20)\tAcc@5   0.78 (  0.59)
Test: [  1/196]\tTime  3.531 ( 3.531)\tLoss 6.1103e+00 (6.1103e+00)\tAcc@1   4.00 (  4.00)\tAcc@5  10.39 ( 10.39)
 *   Acc@1 5.100 Acc@5 12.300
"""
HF = (
    "{'loss': 2.1, 'grad_norm': 1.5, 'learning_rate': 5e-05, 'epoch': 0.5}\n"
    "{'loss': 1.1, 'grad_norm': 1.2, 'learning_rate': 3e-05, 'epoch': 1.0}\n"
    "{'eval_loss': 0.9, 'eval_accuracy': 0.81, 'eval_runtime': 2.5, 'eval_samples_per_second': 400.0, 'epoch': 1.0}\n"
)


def printed(name, content, **expected):
    return file_sample("printed", name, f"{name}.log", content, **expected)


SAMPLES = [
    printed("loop", LOOP, runs=1, steps=6, evaluations=0),
    printed("starts", STARTS, runs=3, steps=3, evaluations=3),
    printed("shapes", UNKNOWN, runs=1, steps=5, evaluations=0),
    printed("timm", TIMM, runs=1, steps=5, evaluations=4),
    printed("mmdetection", MMDET, runs=1, steps=3, evaluations=2),
    printed("mmengine", MMENGINE, runs=1, steps=2, evaluations=1),
    printed("detectron2", DETECTRON, runs=1, steps=2, evaluations=0),
    printed("fairseq", FAIRSEQ, runs=1, steps=4, evaluations=2),
    printed("fairseq_json", FAIRSEQ_JSON, runs=1, steps=3, evaluations=1),
    printed("nanogpt", NANOGPT, runs=1, steps=6, evaluations=2),
    printed("ultralytics", ULTRALYTICS, runs=1, steps=2, evaluations=2),
    printed("lightning", LIGHTNING, runs=1, steps=8, evaluations=2),
    printed("xgboost", XGBOOST, runs=1, steps=10, evaluations=10),
    printed("lightgbm", LIGHTGBM, runs=1, steps=0, evaluations=4),
    printed("catboost", CATBOOST, runs=1, steps=3, evaluations=3),
    printed("chainer", CHAINER, runs=1, steps=3, evaluations=3),
    printed("espnet", ESPNET, runs=1, steps=3, evaluations=1),
    printed("kaldi", KALDI, runs=1, steps=4, evaluations=0),
    printed("fastai", FASTAI, runs=2, steps=3, evaluations=3),
    printed("skorch", SKORCH, runs=1, steps=2, evaluations=2),
    printed("torchvision", TORCHVISION, runs=1, steps=2, evaluations=2),
    printed("imagenet", IMAGENET, runs=1, steps=2, evaluations=2),
    printed("hugging_face", HF, runs=1, steps=2, evaluations=1),
    printed("utf16", ("\ufeff" + LOOP).encode("utf-16-le"), runs=1, steps=6, evaluations=0),
    printed("returns", LOOP.replace("\n", "\r").encode(), runs=1, steps=6, evaluations=0),
    printed("windows", LOOP.replace("\n", "\r\n").encode(), runs=1, steps=6, evaluations=0),
    printed("zeros", LOOP.replace(" loss", "\0 loss").encode(), runs=1, steps=6, evaluations=0),
    printed("packed", gzip.compress(LOOP.encode(), mtime=0), runs=1, steps=6, evaluations=0),
]
