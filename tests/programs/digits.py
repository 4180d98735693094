"""A script as people have them: arguments in, scikit-learn's own lines out, and not a word about who runs it."""

import argparse

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--learning_rate", type=float, default=1e-3)
parser.add_argument("--hidden", type=int, default=32)
parser.add_argument("--iterations", type=int, default=8)
args = parser.parse_args()

images, labels = load_digits(return_X_y=True)
train, test, train_labels, test_labels = train_test_split(images / 16, labels, test_size=0.3, random_state=0)
model = MLPClassifier(
    [args.hidden],
    learning_rate_init=args.learning_rate,
    max_iter=args.iterations,
    early_stopping=True,
    n_iter_no_change=100,
    verbose=True,
    random_state=0,
)
model.fit(train, train_labels)
print(f"test accuracy: {model.score(test, test_labels):.4f}")
