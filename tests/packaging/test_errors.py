from selador_packaging.errors import PackagingError


def test_every_fault_has_its_line() -> None:
    error = PackagingError("six has no hash", "boto3 has no hash")

    assert str(error) == "six has no hash\nboto3 has no hash"


def test_of_very_many_faults_the_first_are_shown_and_the_rest_counted() -> None:
    error = PackagingError(*(f"fault {number}" for number in range(20)))

    assert str(error).splitlines()[-2:] == ["fault 7", "and 12 more"]
    assert len(error.faults) == 20


def test_what_is_quoted_does_not_steer_the_terminal() -> None:
    error = PackagingError("RECORD lists \x1b[2Ja.py, \u202eb", "git said:\n\tgit config")

    assert str(error) == r"RECORD lists \x1b[2Ja.py, \u202eb" + "\ngit said:\n\tgit config"
