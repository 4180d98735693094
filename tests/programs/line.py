"""A straight line fitted with torch, by a script that knows nothing but its arguments and `print`."""

import argparse

import torch

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, required=True)
parser.add_argument("--epochs", type=int, default=3)
args = parser.parse_args()

torch.manual_seed(0)
x = torch.linspace(-1, 1, 64).unsqueeze(1)
y = 3 * x + 0.5 + 0.1 * torch.randn_like(x)
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)

for epoch in range(1, args.epochs + 1):
    for step, batch in enumerate(torch.randperm(64).split(16), start=1):
        loss = torch.nn.functional.mse_loss(model(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"Epoch [{epoch}/{args.epochs}], Step [{step}/4], Loss: {loss.item():.4f}")
    with torch.no_grad():
        print(f"Epoch [{epoch}/{args.epochs}], val_loss: {torch.nn.functional.mse_loss(model(x), y).item():.4f}")
