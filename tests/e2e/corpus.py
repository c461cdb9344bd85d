"""Which estimators, options and data the test suites of other converters use.

The kinds of estimators, options and data that the tests of sklearn-onnx, m2cgen, hummingbird,
treelite and emlearn use, family by family, and more of the same. The models are fitted here, on
data that comes with scikit-learn or is generated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sklearn import (
    calibration,
    compose,
    datasets,
    decomposition,
    ensemble,
    feature_selection,
    impute,
    linear_model,
    multiclass,
    multioutput,
    neighbors,
    neural_network,
    preprocessing,
    svm,
    tree,
)
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union

SEED = 1234
lm, fs, pp = linear_model, feature_selection, preprocessing


@dataclass(frozen=True)
class Data:
    """Rows to fit on with their targets, and other rows to compare answers on."""

    X: np.ndarray
    y: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Case:
    """An estimator to be fitted on the data of that name."""

    family: str
    estimator: Any
    data: str

    def __str__(self) -> str:
        return f"{self.family}: {' '.join(str(self.estimator).split())} on {self.data}"


def _split(X: np.ndarray, y: np.ndarray, rows: int = 120) -> Data:
    """Every other row is fitted; the rest, and the first few of the fit, are compared."""
    X, y = np.ascontiguousarray(X, dtype=np.float64), np.asarray(y)
    return Data(X[::2][:rows], y[::2][:rows], np.vstack([X[1::2][:50], X[::2][:20]]))


def _iris(**how: Any) -> Data:
    X, y = datasets.load_iris(return_X_y=True)
    if how.get("binary"):
        X, y = X[:, :3], np.minimum(y, 1)
    if how.get("strings"):
        y = np.array(["setosa", "versicolor", "virginica"])[y]
    if how.get("bool"):
        y = y == 1
    return _split(X, y + how["shift"] if "shift" in how else y)


def _cancer() -> Data:
    X, y = datasets.load_breast_cancer(return_X_y=True)
    return _split(X, y)


def _digits() -> Data:
    X, y = datasets.load_digits(n_class=5, return_X_y=True)
    return _split(X, y)


def _classes(n_classes: int, seed: int = SEED) -> Data:
    X, y = datasets.make_classification(
        240, 10, n_informative=6, n_classes=n_classes, random_state=seed
    )
    return _split(X, y)


def _regression(n_targets: int = 1) -> Data:
    return _split(
        *datasets.make_regression(240, 8, n_targets=n_targets, noise=4, random_state=SEED)
    )


def _counts() -> Data:
    X, y = datasets.make_regression(240, 5, noise=1, random_state=SEED)
    return _split(X, np.exp(y / np.abs(y).max()) + 0.1)


def _multi_class() -> Data:
    data = _classes(3)
    return Data(data.X, np.column_stack([data.y, (data.y + 1) % 2]), data.test)


def _missing(data: Data) -> Data:
    rng = np.random.default_rng(SEED)
    holes = [np.where(rng.random(X.shape) < 0.15, np.nan, X) for X in (data.X, data.test)]
    return Data(holes[0], data.y, holes[1])


def _categories() -> Data:
    rng = np.random.default_rng(SEED)
    X = np.column_stack([rng.normal(size=(240, 3)), rng.integers(0, 6, (240, 2))])
    return _split(X, (X[:, 0] + (X[:, 3] % 2) > 0.5).astype(int))


DATA: dict[str, Callable[[], Data]] = {
    "iris": _iris,
    "iris binary": lambda: _iris(binary=True),
    "iris strings": lambda: _iris(strings=True),
    "iris shifted": lambda: _iris(shift=2),
    "iris bool": lambda: _iris(bool=True),
    "cancer": _cancer,
    "digits": _digits,
    "2 classes": lambda: _classes(2),
    "5 classes": lambda: _classes(5),
    "2 targets of classes": _multi_class,
    "multilabel": lambda: _split(
        *datasets.make_multilabel_classification(240, 6, n_classes=3, random_state=SEED)
    ),
    "diabetes": lambda: _split(*datasets.load_diabetes(return_X_y=True)),
    "regression": _regression,
    "3 targets": lambda: _regression(3),
    "positive": _counts,
    "iris missing": lambda: _missing(_iris()),
    "diabetes missing": lambda: _missing(_split(*datasets.load_diabetes(return_X_y=True))),
    "categories": _categories,
}


@cache
def data_of(name: str) -> Data:
    """The data of that name."""
    return DATA[name]()


LABELS = ("iris", "iris binary", "iris strings")


def _linear() -> Iterator[tuple[Any, tuple[str, ...]]]:
    one, more = ("diabetes", "regression"), ("diabetes", "3 targets")
    yield from (
        (lm.LinearRegression(), more),
        (lm.LinearRegression(fit_intercept=False), more),
        (lm.LinearRegression(positive=True), one),
        (lm.Ridge(), more),
        (lm.Ridge(alpha=10, fit_intercept=False), one),
        (lm.Ridge(solver="sag", random_state=SEED), one),
        (lm.RidgeCV(), more),
        (lm.Lasso(), more),
        (lm.LassoCV(cv=3, alphas=10), one),
        (lm.ElasticNet(), more),
        (lm.ElasticNet(l1_ratio=0.3, fit_intercept=False), one),
        (lm.ElasticNetCV(cv=3, alphas=10), one),
        (lm.Lars(), more),
        (lm.LarsCV(cv=3), one),
        (lm.LassoLars(alpha=0.1), more),
        (lm.LassoLarsCV(cv=3), one),
        (lm.LassoLarsIC(), one),
        (lm.OrthogonalMatchingPursuit(), more),
        (lm.OrthogonalMatchingPursuitCV(cv=3), one),
        (lm.BayesianRidge(), one),
        (lm.ARDRegression(), one),
        (lm.HuberRegressor(max_iter=500), one),
        (lm.TheilSenRegressor(max_subpopulation=60, random_state=SEED), one),
        (lm.RANSACRegressor(random_state=SEED), one),
        (lm.RANSACRegressor(lm.Ridge(), min_samples=20, random_state=SEED), one),
        (
            lm.RANSACRegressor(
                tree.DecisionTreeRegressor(max_depth=3), min_samples=40, random_state=SEED
            ),
            one,
        ),
        (lm.QuantileRegressor(alpha=0.1), one),
        (lm.QuantileRegressor(quantile=0.8, alpha=0.01), one),
        (lm.PoissonRegressor(), ("positive",)),
        (lm.GammaRegressor(), ("positive",)),
        *((lm.TweedieRegressor(power=p), ("positive",)) for p in (0.0, 1.0, 1.5, 2.0, 3.0)),
        (lm.TweedieRegressor(power=0, link="log"), ("positive",)),
        *(
            (lm.SGDRegressor(loss=loss, random_state=SEED), one)
            for loss in (
                "squared_error",
                "huber",
                "epsilon_insensitive",
                "squared_epsilon_insensitive",
            )
        ),
        (lm.SGDRegressor(penalty="elasticnet", average=True, random_state=SEED), one),
        *(
            (getattr(lm, name)(random_state=SEED), one)
            for name in ("PassiveAggressiveRegressor",)
            if hasattr(lm, name)  # until scikit-learn 1.10
        ),
        (svm.LinearSVR(random_state=SEED), one),
        (svm.LinearSVR(fit_intercept=False, loss="squared_epsilon_insensitive"), one),
        (lm.MultiTaskLasso(), ("3 targets",)),
        (lm.MultiTaskLassoCV(cv=3, alphas=5), ("3 targets",)),
        (lm.MultiTaskElasticNet(), ("3 targets",)),
        (lm.MultiTaskElasticNetCV(cv=3, alphas=5), ("3 targets",)),
    )
    both = (*LABELS, "2 classes", "5 classes")
    yield from (
        (lm.LogisticRegression(), (*both, "iris bool", "iris shifted")),
        (lm.LogisticRegression(fit_intercept=False), LABELS),
        (lm.LogisticRegression(solver="liblinear"), ("iris binary", "2 classes")),
        (lm.LogisticRegression(solver="saga", l1_ratio=1, max_iter=300), LABELS),
        (lm.LogisticRegression(class_weight="balanced"), LABELS),
        (lm.LogisticRegressionCV(cv=2, Cs=3), LABELS),
        (lm.RidgeClassifier(), (*both, "multilabel")),
        (lm.RidgeClassifierCV(), LABELS),
        *(
            (lm.SGDClassifier(loss=loss, random_state=SEED), LABELS)
            for loss in (
                "hinge",
                "log_loss",
                "modified_huber",
                "squared_hinge",
                "perceptron",
                "squared_error",
                "huber",
                "epsilon_insensitive",
                "squared_epsilon_insensitive",
            )
        ),
        (lm.SGDClassifier(average=True, fit_intercept=False, random_state=SEED), LABELS),
        (lm.Perceptron(random_state=SEED), LABELS),
        *(
            (lm.PassiveAggressiveClassifier(loss=loss, random_state=SEED), LABELS)
            for loss in ("hinge", "squared_hinge")
            if hasattr(lm, "PassiveAggressiveClassifier")
        ),
        (svm.LinearSVC(random_state=SEED), both),
        (svm.LinearSVC(multi_class="crammer_singer", random_state=SEED), LABELS),
        (svm.LinearSVC(penalty="l1", dual=False, fit_intercept=False), LABELS),
    )


def _trees() -> Iterator[tuple[Any, tuple[str, ...]]]:
    labels = (*LABELS, "iris shifted", "digits", "5 classes")
    several = ("2 targets of classes", "multilabel")
    values = ("diabetes", "regression")
    for options in ({}, {"max_depth": 3}, {"max_leaf_nodes": 8}):
        common = {"random_state": SEED, **options}
        for name in ("DecisionTree", "ExtraTree"):
            yield getattr(tree, f"{name}Classifier")(**common), (*labels, *several)
            yield getattr(tree, f"{name}Regressor")(**common), (*values, "3 targets")
        for name in ("RandomForest", "ExtraTrees"):
            forest = {"n_estimators": 6, **common}
            yield getattr(ensemble, f"{name}Classifier")(**forest), (*LABELS, "digits", *several)
            yield getattr(ensemble, f"{name}Regressor")(**forest), (*values, "3 targets")
    for criterion in ("absolute_error", "poisson"):
        yield (
            tree.DecisionTreeRegressor(criterion=criterion, max_depth=4, random_state=SEED),
            ("positive",),
        )
    yield tree.DecisionTreeClassifier(criterion="entropy", class_weight="balanced"), labels
    yield tree.DecisionTreeClassifier(max_depth=4, random_state=SEED), ("iris missing",)
    yield tree.DecisionTreeRegressor(max_depth=4, random_state=SEED), ("diabetes missing",)
    yield ensemble.RandomForestClassifier(5, random_state=SEED), ("iris missing",)
    yield ensemble.RandomForestRegressor(5, random_state=SEED), ("diabetes missing",)
    boost = {"n_estimators": 6, "random_state": SEED}
    zero = {"init": "zero"}
    for options in ({}, zero, {"max_depth": 8, "learning_rate": 0.5}, {"subsample": 0.5}):
        yield ensemble.GradientBoostingClassifier(**boost, **options), (*LABELS, "5 classes")
        yield ensemble.GradientBoostingRegressor(**boost, **options), values
    yield ensemble.GradientBoostingClassifier(loss="exponential", **boost), ("iris binary",)
    yield (
        ensemble.GradientBoostingClassifier(init=DummyClassifier(strategy="prior"), **boost),
        LABELS,
    )
    yield ensemble.GradientBoostingRegressor(init=DummyRegressor(), **boost), values
    yield ensemble.GradientBoostingClassifier(init=lm.LogisticRegression(), **boost), LABELS
    for loss in ("huber", "quantile", "absolute_error"):
        yield ensemble.GradientBoostingRegressor(loss=loss, **boost), values
    hist = {"max_iter": 6, "min_samples_leaf": 5, "random_state": SEED}
    for options in ({}, {"max_depth": 2}, {"max_depth": 8, "learning_rate": 1.0}):
        yield (
            ensemble.HistGradientBoostingClassifier(**hist, **options),
            (*LABELS, "iris shifted", "digits", "iris missing"),
        )
        yield (
            ensemble.HistGradientBoostingRegressor(**hist, **options),
            (*values, "diabetes missing"),
        )
    for loss in ("poisson", "gamma", "absolute_error"):
        yield ensemble.HistGradientBoostingRegressor(loss=loss, **hist), ("positive",)
    yield ensemble.HistGradientBoostingRegressor(loss="quantile", quantile=0.3, **hist), values
    yield (
        ensemble.HistGradientBoostingClassifier(categorical_features=[3, 4], **hist),
        ("categories",),
    )
    for options in ({}, {"max_features": 0.5}, {"contamination": 0.1}, {"bootstrap": True}):
        forest = {"n_estimators": 8, "max_samples": 40, "random_state": SEED, **options}
        yield ensemble.IsolationForest(**forest), ("iris", "cancer", "regression")


def _neighbours() -> Iterator[tuple[Any, tuple[str, ...]]]:
    metrics: list[dict[str, Any]] = [
        {},
        {"metric": "manhattan"},
        {"metric": "chebyshev"},
        {"metric": "cosine"},
        {"metric": "euclidean"},
        {"p": 3},
        {"p": 5},
    ]
    for metric in metrics:
        for weights in ("uniform", "distance"):
            for algorithm in ("brute", "auto"):
                options = {"weights": weights, "algorithm": algorithm, **metric}
                yield neighbors.KNeighborsClassifier(3, **options), ("iris strings", "cancer")
                yield neighbors.KNeighborsRegressor(5, **options), ("diabetes",)
        yield neighbors.NearestNeighbors(n_neighbors=4, **metric), ("iris",)
    for algorithm in ("kd_tree", "ball_tree"):
        yield neighbors.KNeighborsClassifier(algorithm=algorithm), ("iris", "iris binary")
        yield neighbors.KNeighborsRegressor(algorithm=algorithm), ("regression", "3 targets")
    yield neighbors.KNeighborsClassifier(1), ("iris", "2 targets of classes", "multilabel")
    yield neighbors.KNeighborsRegressor(weights="distance"), ("3 targets",)


def _neural() -> Iterator[tuple[Any, tuple[str, ...]]]:
    common = {"max_iter": 15, "random_state": SEED}
    for activation in ("identity", "logistic", "tanh", "relu"):
        for layers in ((5,), (8, 6), (4, 3, 2)):
            options = {"activation": activation, "hidden_layer_sizes": layers, **common}
            yield neural_network.MLPClassifier(**options), (*LABELS, "multilabel")
            yield neural_network.MLPRegressor(**options), ("regression", "3 targets")
    yield (
        neural_network.MLPClassifier(solver="lbfgs", **common),
        ("iris", "iris binary", "iris bool"),
    )
    yield (
        neural_network.MLPRegressor(solver="sgd", learning_rate_init=1e-4, **common),
        ("diabetes",),
    )
    if "loss" in neural_network.MLPRegressor().get_params():
        yield neural_network.MLPRegressor(loss="poisson", **common), ("positive",)


def _preprocessing() -> Iterator[tuple[Any, tuple[str, ...]]]:
    plain = ("iris", "cancer")
    yield from (
        (pp.StandardScaler(), (*plain, "iris missing")),
        (pp.StandardScaler(with_mean=False), plain),
        (pp.StandardScaler(with_std=False), plain),
        (pp.StandardScaler(with_mean=False, with_std=False), plain),
        (pp.MinMaxScaler(), (*plain, "iris missing")),
        (pp.MinMaxScaler(feature_range=(-1, 1), clip=True), plain),
        (pp.MaxAbsScaler(), (*plain, "iris missing")),
        (pp.RobustScaler(), (*plain, "iris missing")),
        (pp.RobustScaler(with_centering=False), plain),
        (pp.RobustScaler(with_scaling=False), plain),
        (pp.RobustScaler(quantile_range=(10, 90), unit_variance=True), plain),
        *((pp.Normalizer(norm), plain) for norm in ("l1", "l2", "max")),
        (pp.Binarizer(), plain),
        (pp.Binarizer(threshold=1.3), plain),
        *(
            (impute.SimpleImputer(strategy=strategy, add_indicator=indicator), ("iris missing",))
            for strategy in ("mean", "median", "most_frequent", "constant")
            for indicator in (False, True)
        ),
        (impute.SimpleImputer(strategy="constant", fill_value=3.5), ("iris missing",)),
        (impute.SimpleImputer(missing_values=0.0), ("digits", "categories")),
        (impute.MissingIndicator(error_on_new=False), ("iris missing",)),
        (impute.MissingIndicator(features="all"), ("iris missing",)),
        (decomposition.PCA(), plain),
        (decomposition.PCA(2), plain),
        (decomposition.PCA(2, whiten=True), plain),
        (decomposition.PCA(0.8, svd_solver="full"), plain),
        (decomposition.PCA(2, svd_solver="randomized", random_state=SEED), plain),
        (decomposition.IncrementalPCA(2), plain),
        (decomposition.TruncatedSVD(2, random_state=SEED), plain),
        (decomposition.TruncatedSVD(3, algorithm="arpack", random_state=SEED), plain),
        (fs.VarianceThreshold(0.3), plain),
        (fs.SelectKBest(k=2), plain),
        (fs.SelectKBest(fs.chi2, k=2), plain),
        (fs.SelectKBest(fs.f_regression, k=3), ("diabetes",)),
        (fs.SelectKBest(k="all"), plain),
        (fs.SelectPercentile(percentile=40), plain),
        (fs.SelectFpr(), plain),
        (fs.SelectFdr(), plain),
        (fs.SelectFwe(), plain),
        (fs.GenericUnivariateSelect(mode="percentile", param=30), plain),
        (fs.SelectFromModel(lm.Lasso(alpha=0.01)), plain),
        (fs.SelectFromModel(svm.LinearSVC(random_state=SEED)), plain),
        (fs.SelectFromModel(tree.ExtraTreeClassifier(random_state=SEED)), (*plain, "iris missing")),
        (fs.RFE(svm.LinearSVC(random_state=SEED), n_features_to_select=2), plain),
        (fs.RFE(tree.DecisionTreeClassifier(random_state=SEED), step=2), plain),
        (fs.RFECV(lm.Ridge(), cv=2), plain),
        (
            fs.SequentialFeatureSelector(lm.Ridge(), n_features_to_select=2, cv=2),
            ("iris", "diabetes"),
        ),
        *((pp.PolynomialFeatures(degree), ("iris",)) for degree in (1, 2, 3)),
        (pp.PolynomialFeatures(2, interaction_only=True, include_bias=False), plain),
        *(
            (pp.KBinsDiscretizer(n, encode=encode, strategy=strategy, subsample=None), ("iris",))
            for n in (2, 4)
            for encode in ("ordinal", "onehot-dense")
            for strategy in ("uniform", "quantile")
        ),
        (pp.OneHotEncoder(handle_unknown="ignore", sparse_output=False), ("categories",)),
        (pp.FunctionTransformer(), plain),
        (pp.FunctionTransformer(np.log1p), plain),
        (pp.FunctionTransformer(np.exp, validate=True), ("iris",)),
    )


def _composition() -> Iterator[tuple[Any, tuple[str, ...]]]:
    scale, shrink = pp.StandardScaler(), decomposition.PCA(2)
    logistic = lm.LogisticRegression(max_iter=300)
    knn = neighbors.KNeighborsClassifier()
    forest = ensemble.RandomForestClassifier(4, random_state=SEED)
    net = neural_network.MLPClassifier((6,), max_iter=20, random_state=SEED)
    for first in (scale, pp.MinMaxScaler(), pp.Normalizer(), shrink, fs.SelectKBest(k=2)):
        for last in (logistic, forest, net, svm.LinearSVC(random_state=SEED)):
            yield make_pipeline(first, last), ("iris strings", "cancer")
        yield make_pipeline(first, knn), ("iris strings", "cancer")
    columns = compose.ColumnTransformer(
        [
            ("scale", pp.StandardScaler(), [0, 1]),
            ("range", pp.MinMaxScaler(), slice(2, 3)),
        ],
        remainder="passthrough",
    )
    both = FeatureUnion(
        [("scaled", scale), ("less", shrink)], transformer_weights={"scaled": 2, "less": 0.1}
    )
    fill = impute.SimpleImputer()
    numeric = compose.ColumnTransformer(
        [("numbers", make_pipeline(impute.SimpleImputer(strategy="median"), scale), [0, 1, 3])]
    )
    grid = {"logisticregression__C": [0.1, 1.0]}
    yield from (
        (make_pipeline(scale, pp.MinMaxScaler()), ("iris", "cancer")),
        (make_pipeline(scale, shrink, pp.Normalizer()), ("iris", "cancer")),
        (make_pipeline(make_pipeline(scale, shrink), make_pipeline(logistic)), LABELS),
        (Pipeline([("a", "passthrough"), ("b", scale), ("c", logistic)]), LABELS),
        (Pipeline([("a", scale), ("b", "passthrough")]), LABELS),
        (make_pipeline(scale, lm.Ridge()), ("diabetes", "3 targets")),
        (make_pipeline(fill, logistic), ("iris missing",)),
        (make_pipeline(scale, fill, forest), ("iris missing",)),
        (make_pipeline(numeric, logistic), ("iris missing",)),
        (make_pipeline(fill, scale, knn), ("iris missing",)),
        (make_union(scale, shrink), ("iris", "cancer")),
        (make_union(pp.MinMaxScaler(), both), ("iris", "cancer")),
        (both, ("iris", "cancer")),
        (FeatureUnion([("a", scale), ("b", "drop"), ("c", "passthrough")]), ("iris", "cancer")),
        (make_pipeline(both, logistic), LABELS),
        (columns, ("iris", "cancer")),
        (make_pipeline(columns, logistic), (*LABELS, "cancer")),
        (make_pipeline(scale, columns, forest), LABELS),
        (
            compose.make_column_transformer(
                (make_pipeline(scale, shrink), [0, 1, 2]), ("drop", [1]), remainder=scale
            ),
            ("iris", "cancer"),
        ),
        (
            compose.make_column_transformer(
                ("passthrough", np.array([False, True, True])), (scale, [-1]), remainder="drop"
            ),
            ("iris binary",),
        ),
        (
            make_pipeline(fs.SelectFromModel(tree.ExtraTreeClassifier(random_state=0)), knn),
            tuple(name for name in LABELS),
        ),
        (make_pipeline(fs.RFE(lm.Ridge(), n_features_to_select=2), lm.Ridge()), ("diabetes",)),
        (GridSearchCV(make_pipeline(scale, logistic), grid, cv=2), LABELS),
        (GridSearchCV(tree.DecisionTreeClassifier(), {"max_depth": [2, 4]}, cv=2), LABELS),
        (GridSearchCV(knn, {"n_neighbors": [2, 3]}, cv=2), ("cancer",)),
        (
            RandomizedSearchCV(lm.Ridge(), {"alpha": [0.1, 1]}, n_iter=2, cv=2, random_state=SEED),
            ("diabetes",),
        ),
    )


def _ensembles() -> Iterator[tuple[Any, tuple[str, ...]]]:
    logistic, bough = lm.LogisticRegression(max_iter=300), tree.DecisionTreeClassifier(max_depth=3)
    ridge, twig = lm.Ridge(), tree.DecisionTreeRegressor(max_depth=3, random_state=SEED)
    both, pair = [("one", logistic), ("two", bough)], [("one", ridge), ("two", twig)]
    svc = svm.LinearSVC(random_state=SEED)
    yield from (
        (ensemble.VotingClassifier(both), LABELS),
        (ensemble.VotingClassifier(both, weights=[1, 3]), LABELS),
        (ensemble.VotingClassifier(both, voting="soft"), LABELS),
        (ensemble.VotingClassifier(both, voting="soft", weights=[0.2, 0.8]), LABELS),
        (ensemble.VotingRegressor(pair), ("diabetes", "regression")),
        (ensemble.StackingClassifier(both, cv=2), LABELS),
        (ensemble.StackingClassifier(both, cv=2, passthrough=True), LABELS),
        (ensemble.StackingRegressor(pair, cv=2), ("diabetes", "regression")),
        (ensemble.BaggingClassifier(bough, 4, random_state=SEED), (*LABELS, "digits")),
        (ensemble.BaggingClassifier(svc, 3, max_features=0.6, random_state=SEED), LABELS),
        (ensemble.BaggingRegressor(twig, 4, random_state=SEED), ("diabetes", "3 targets")),
        (ensemble.AdaBoostClassifier(n_estimators=4, random_state=SEED), (*LABELS, "5 classes")),
        (ensemble.AdaBoostClassifier(bough, n_estimators=4, random_state=SEED), LABELS),
        (ensemble.AdaBoostRegressor(n_estimators=4, random_state=SEED), ("diabetes",)),
        (calibration.CalibratedClassifierCV(logistic, cv=2), LABELS),
        (calibration.CalibratedClassifierCV(svc, cv=2), LABELS),
        (calibration.CalibratedClassifierCV(logistic, method="isotonic", cv=2), ("iris",)),
        (multiclass.OneVsRestClassifier(logistic), (*LABELS, "multilabel")),
        (multiclass.OneVsRestClassifier(bough), (*LABELS, "multilabel")),
        (multiclass.OneVsOneClassifier(logistic), LABELS),
        (multiclass.OneVsOneClassifier(svc), LABELS),
        (multioutput.MultiOutputClassifier(logistic), ("multilabel", "2 targets of classes")),
        (multioutput.MultiOutputRegressor(ridge), ("3 targets",)),
        (multioutput.MultiOutputRegressor(twig), ("3 targets",)),
        (multioutput.ClassifierChain(logistic, order=[2, 0, 1]), ("multilabel",)),
        (multioutput.RegressorChain(ridge), ("3 targets",)),
        (compose.TransformedTargetRegressor(ridge, transformer=pp.StandardScaler()), ("diabetes",)),
        (
            compose.TransformedTargetRegressor(ridge, func=np.log1p, inverse_func=np.expm1),
            ("positive",),
        ),
    )


FAMILIES = {
    "linear": _linear,
    "trees": _trees,
    "neighbours": _neighbours,
    "neural": _neural,
    "preprocessing": _preprocessing,
    "composition": _composition,
    "ensembles": _ensembles,
}


def cases() -> Iterator[Case]:
    """Every case, family by family."""
    for family, table in FAMILIES.items():
        for estimator, names in table():
            for name in names:
                yield Case(family, estimator, name)
