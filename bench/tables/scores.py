"""Scores of answers, the greater the better, under weights of the rows; and the interval of a difference."""
import numpy

RESAMPLES = 400


def auc(truth, answers):
    order, place = numpy.unique(answers, return_inverse=True)

    def score(weights):
        yes = numpy.bincount(place, weights * truth, len(order))
        no = numpy.bincount(place, weights * ~truth, len(order))
        return float((yes * (numpy.cumsum(no) - no / 2)).sum() / (yes.sum() * no.sum()))
    return score


def r2(truth, answers):
    def score(weights):
        mean = numpy.average(truth, weights=weights)
        return float(1 - (weights * (truth - answers) ** 2).sum() / (weights * (truth - mean) ** 2).sum())
    return score


def mean_of(values):
    return lambda weights: float(numpy.average(values, weights=weights))


def log_loss(truth, answers):
    """Its negative; `truth` is the place of the class. As scikit-learn, no probability is below 2e-16."""
    of_truth = answers[numpy.arange(len(truth)), truth] / answers.sum(axis=1)
    return mean_of(numpy.log(numpy.clip(of_truth, 2.2e-16, 1)))


def accuracy(truth, answers):
    return mean_of(answers.argmax(axis=1) == truth)


METRIC = {"binary": auc, "number": r2, "classes": log_loss}


def interval(score, other, rows):
    """Of score − other when the rows are drawn again, the same for both: 95 %."""
    chance = numpy.random.default_rng(7)
    gains = []
    for _ in range(RESAMPLES):
        weights = numpy.bincount(chance.integers(rows, size=rows), minlength=rows).astype(float)
        gains.append(score(weights) - other(weights))
    return numpy.quantile(gains, [0.025, 0.975])
