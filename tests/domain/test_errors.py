import re

from edge_node.domain.errors import DomainError, ErrorCode, Fault


def test_codes_are_stable_snake_case_names() -> None:
    for code in ErrorCode:
        assert re.fullmatch(r"[a-z]+(?:_[a-z]+)*", code.value)
        assert code.name == code.value.upper()


def test_an_error_carries_its_code_its_facts_and_whose_fault_it_is() -> None:
    error = DomainError(ErrorCode.STORAGE_FULL, fault=Fault.STATION, free_bytes=0)
    assert error.code is ErrorCode.STORAGE_FULL
    assert error.fault is Fault.STATION
    assert error.params == {"free_bytes": 0}
    assert str(error) == "storage_full"


def test_the_caller_is_at_fault_unless_said_otherwise() -> None:
    assert DomainError(ErrorCode.BUSY).fault is Fault.CALLER
