"""The state of `local`, in the S3 of a real control plane."""

from pathlib import Path

import pytest

from selador_local.control_plane_client.client import ControlPlane
from selador_local.stack.commands import StackError
from selador_local.stack.deployment_state import DeploymentState

BACKEND = 'bucket = "{}"\nkey    = "selador.tfstate"\nencrypt = true\n'


@pytest.fixture
def state(control_plane: ControlPlane, tmp_path: Path) -> DeploymentState:
    """A state in a bucket of its own, which isn't there yet."""
    (tmp_path / "backend").write_text(BACKEND.format(f"bucket-{tmp_path.name.replace('_', '-')}"))
    return DeploymentState.named_by(tmp_path / "backend", control_plane)


def test_before_the_first_apply_it_is_empty(state: DeploymentState) -> None:
    assert state.read() == {}

    state.make_bucket()

    assert state.read() == {}


def test_it_is_read_from_the_workspace_local(state: DeploymentState) -> None:
    state.make_bucket()
    state.s3.put_object(Bucket=state.bucket, Key="env:/local/selador.tfstate", Body=b'{"serial": 3}')

    assert state.read() == {"serial": 3}


def test_a_bucket_that_is_there_keeps_what_it_holds(state: DeploymentState) -> None:
    state.make_bucket()
    state.s3.put_object(Bucket=state.bucket, Key="env:/local/selador.tfstate", Body=b'{"serial": 3}')

    state.make_bucket()

    assert state.read() == {"serial": 3}
    assert state.s3.get_bucket_versioning(Bucket=state.bucket)["Status"] == "Enabled"  # doctor asks for it


def test_a_lock_is_taken_away_and_none_is_fine(state: DeploymentState) -> None:
    state.make_bucket()
    state.s3.put_object(Bucket=state.bucket, Key="env:/local/selador.tfstate.tflock", Body=b"{}")

    state.unlock()
    state.unlock()

    assert "Contents" not in state.s3.list_objects_v2(Bucket=state.bucket)


@pytest.mark.parametrize("missing", ["bucket", "key"])
def test_a_backend_file_without_a_setting_is_refused(control_plane: ControlPlane, tmp_path: Path, missing: str) -> None:
    lines = [line for line in BACKEND.splitlines() if not line.startswith(missing)]
    (tmp_path / "backend").write_text("\n".join(lines))

    with pytest.raises(StackError, match=f'backend has no line {missing} = "…"'):
        DeploymentState.named_by(tmp_path / "backend", control_plane)
