"""The embedded default: simulated, said so, and resumed rather than repeated."""

from collections.abc import Callable
from typing import Any

SMALL = {"horizons": "[1]", "backtest_years": "1", "bootstrap_draws": "100"}
"""What takes the time of the demo, less of it: what the model is worth is not asked here."""


def test_demo_publishes_and_a_second_run_does_nothing_again(
    run: Callable[..., Any], run_process: Callable[..., Any], run_json: Callable[..., Any]
) -> None:
    first = run_process("demo", "--no-serve", "--months", "2", **SMALL)
    assert first.returncode == 0, first.stderr
    assert "Trained demo-escalation" in first.stdout
    deliveries, models = run_json("ingest", "list"), run_json("models", "list")
    assert deliveries
    assert all(delivery["is_simulated"] for delivery in deliveries)
    assert [model["role"] for model in models] == ["champion"] * 3

    second = run("demo", "--no-serve", "--months", "2", **SMALL)
    assert second.returncode == 0, second.stderr
    assert "Trained" not in second.stdout
    assert (run_json("ingest", "list"), run_json("models", "list")) == (deliveries, models)
