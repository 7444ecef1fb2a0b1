"""Every refusal of the station as a stable code with parameters and whose fault it is.

Rules: a code is never renamed (interfaces, logs and translations rely on it); parameters carry
facts, never personal data; the words for people live in the locale files, each with a remedy.
This module must not know about HTTP, languages or the store.
"""

from enum import StrEnum


class Fault(StrEnum):
    """Whose move it is: the caller's (another input helps), the station's or the city's."""

    CALLER = "caller"
    STATION = "station"
    CITY = "city"


class ErrorCode(StrEnum):
    """Stable names of everything that can be refused; the value is what interfaces show."""

    # A request as such.
    IDEMPOTENCY_KEY_MISSING = "idempotency_key_missing"
    IDEMPOTENCY_KEY_MALFORMED = "idempotency_key_malformed"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    BODY_MALFORMED = "body_malformed"
    BODY_TOO_LARGE = "body_too_large"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    ORIGIN_REFUSED = "origin_refused"
    VERSION_CONFLICT = "version_conflict"
    DRAFT_EXPIRED = "draft_expired"

    # Who is asking.
    NOT_SIGNED_IN = "not_signed_in"
    PIN_WRONG = "pin_wrong"
    PIN_LOCKED = "pin_locked"
    DEVICE_UNKNOWN = "device_unknown"
    PIN_FORM = "pin_form"
    PIN_TOO_SIMPLE = "pin_too_simple"
    PIN_NOT_SET = "pin_not_set"
    PIN_UNCHANGED = "pin_unchanged"
    DUTY_NOT_YOURS = "duty_not_yours"
    OFFICER_UNKNOWN = "officer_unknown"
    SECOND_OFFICER_SAME = "second_officer_same"
    PASSKEY_REFUSED = "passkey_refused"
    PAIRING_CODE_WRONG = "pairing_code_wrong"
    PASSKEY_EXPIRED = "passkey_expired"
    ATTACHMENT_NOT_VIEWABLE = "attachment_not_viewable"

    # The person.
    NAME_MISSING = "name_missing"
    NAME_INVALID = "name_invalid"
    NAME_TOO_LONG = "name_too_long"
    IDENTITY_NUMBER_MISSING = "identity_number_missing"
    IDENTITY_NUMBER_LENGTH = "identity_number_length"
    IDENTITY_NUMBER_DIGITS = "identity_number_digits"
    DATE_OF_BIRTH_INVALID = "date_of_birth_invalid"
    SEX_INVALID = "sex_invalid"
    ADDRESS_TOO_LONG = "address_too_long"
    ADDRESS_INVALID = "address_invalid"
    PHONE_INVALID = "phone_invalid"

    # The procedure, its questions and its documents.
    SERVICE_UNKNOWN = "service_unknown"
    PROCEDURE_UNKNOWN = "procedure_unknown"
    PROCEDURE_NOT_AT_KIOSK = "procedure_not_at_kiosk"
    ANSWER_UNKNOWN = "answer_unknown"
    ANSWER_INVALID = "answer_invalid"
    DOCUMENT_UNKNOWN = "document_unknown"
    PAPER_FORM_UNKNOWN = "paper_form_unknown"

    # The dossier, its number and the ticket.
    DOSSIER_UNKNOWN = "dossier_unknown"
    DOSSIER_INCOMPLETE = "dossier_incomplete"
    DOSSIER_NUMBER_FORM = "dossier_number_form"
    DOSSIER_NUMBER_CHECK = "dossier_number_check"
    DOSSIER_NUMBERS_EXHAUSTED = "dossier_numbers_exhausted"
    ACTION_NOT_ALLOWED = "action_not_allowed"
    REST_DATE_MISSING = "rest_date_missing"
    DATE_INVALID = "date_invalid"
    DUPLICATE_DOSSIER = "duplicate_dossier"
    SUPPLEMENT_NOT_WHOLE = "supplement_not_whole"
    SUPPLEMENT_AGAIN = "supplement_again"
    NO_DEADLINE = "no_deadline"
    EXTENSION_NOT_LATER = "extension_not_later"
    PARTY_MISSING = "party_missing"
    IDENTITY_CHECK_MISSING = "identity_check_missing"
    SLIP_OTHER = "slip_other"
    NOTE_MISSING = "note_missing"
    CONFLICT_UNKNOWN = "conflict_unknown"
    UNDO_TOO_LATE = "undo_too_late"
    DOSSIER_CLAIMED = "dossier_claimed"
    SECOND_OFFICER_MISSING = "second_officer_missing"
    RANGE_TOO_LONG = "range_too_long"
    REASON_MISSING = "reason_missing"
    REASON_TOO_LONG = "reason_too_long"
    TICKET_UNKNOWN = "ticket_unknown"
    TICKET_NUMBER_FORM = "ticket_number_form"
    TICKET_NUMBERS_EXHAUSTED = "ticket_numbers_exhausted"
    PRIORITY_REASON_UNKNOWN = "priority_reason_unknown"
    APPOINTMENT_UNKNOWN = "appointment_unknown"
    APPOINTMENT_DAY = "appointment_day"
    APPOINTMENT_FULL = "appointment_full"
    APPOINTMENT_TIME = "appointment_time"
    APPOINTMENT_USED = "appointment_used"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    VISIT_TOO_LONG = "visit_too_long"

    # A captured paper.
    ATTACHMENT_NAME_INVALID = "attachment_name_invalid"
    ATTACHMENT_TYPE_UNKNOWN = "attachment_type_unknown"
    ATTACHMENT_CONTENT_OTHER = "attachment_content_other"
    ATTACHMENT_TOO_LARGE = "attachment_too_large"
    ATTACHMENT_TAKEN = "attachment_taken"
    ATTACHMENT_KEY_MISSING = "attachment_key_missing"
    SCANS_PAUSED = "scans_paused"
    PHOTOS_TOO_MANY = "photos_too_many"

    # What a visitor says at a kiosk.
    RESUME_CODE_UNKNOWN = "resume_code_unknown"
    RATING_INVALID = "rating_invalid"

    # The deadline.
    DEADLINE_TIME_ZONE = "deadline_time_zone"
    DEADLINE_BEYOND_CALENDAR = "deadline_beyond_calendar"

    # Money.
    PAYMENT_REFERENCE_FORM = "payment_reference_form"
    PAYMENT_REFERENCE_CHECK = "payment_reference_check"
    PURPOSE_TOO_LONG = "purpose_too_long"
    PURPOSE_CHARACTERS = "purpose_characters"
    AMOUNT_INVALID = "amount_invalid"
    AMOUNT_TOO_LARGE = "amount_too_large"
    BANK_NUMBER_INVALID = "bank_number_invalid"
    ACCOUNT_INVALID = "account_invalid"
    FEE_UNKNOWN = "fee_unknown"
    PAYMENT_UNKNOWN = "payment_unknown"
    LINE_NOT_FREE = "line_not_free"
    PAYMENT_OPEN = "payment_open"
    PAYMENT_UNCONFIRMED = "payment_unconfirmed"
    BENEFICIARY_MISSING = "beneficiary_missing"
    LEDGERS_MIXED = "ledgers_mixed"
    EVIDENCE_MISSING = "evidence_missing"
    EXEMPTION_UNKNOWN = "exemption_unknown"
    CASH_SHORT = "cash_short"
    RECEIPT_NUMBER_MISSING = "receipt_number_missing"
    SHIFT_NOT_OPEN = "shift_not_open"
    SHIFT_OPEN = "shift_open"
    DIFFERENCE_UNEXPLAINED = "difference_unexplained"
    STATEMENT_EMPTY = "statement_empty"
    STATEMENT_UNREADABLE = "statement_unreadable"
    STATEMENT_TOO_LARGE = "statement_too_large"
    STATEMENT_TOO_LONG = "statement_too_long"
    STATEMENT_COLUMNS_MISSING = "statement_columns_missing"

    # A scanned code.
    SCAN_EMPTY = "scan_empty"
    SCAN_TOO_LONG = "scan_too_long"
    SCAN_UNREADABLE = "scan_unreadable"
    SCAN_CUT = "scan_cut"
    SCAN_MANGLED = "scan_mangled"
    SCAN_NUMBER_LENGTH = "scan_number_length"
    SCAN_OLD_NUMBER = "scan_old_number"
    SCAN_NOT_A_CARD = "scan_not_a_card"

    # Paper made ahead, and slips that can be checked.
    PAPER_SLIP_SPENT = "paper_slip_spent"
    PAPER_SLIP_UNKNOWN = "paper_slip_unknown"
    PAPER_KIT_SIZE = "paper_kit_size"
    PAPER_KIT_UNKNOWN = "paper_kit_unknown"
    PAPER_TIME_INVALID = "paper_time_invalid"
    SLIP_KEY_MISSING = "slip_key_missing"

    # The station itself.
    STORAGE_FULL = "storage_full"
    STORAGE_FAILING = "storage_failing"
    BUSY = "busy"
    REQUEST_OPEN = "request_open"
    ENROLMENT_CODE_FORM = "enrolment_code_form"
    PRINTER_UNKNOWN = "printer_unknown"
    UNIT_UNKNOWN = "unit_unknown"
    INTERNAL = "internal"


class DomainError(Exception):
    """A refusal: `code` says what, `params` the facts for the message, `fault` whose move it is."""

    def __init__(
        self, code: ErrorCode, *, fault: Fault = Fault.CALLER, **params: str | int
    ) -> None:
        super().__init__(code.value)
        self.code = code
        self.fault = fault
        self.params = params
