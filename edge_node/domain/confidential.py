"""What nobody may see in passing: denunciations and whatever the catalogue marks as such.

Rule: the identity of an informer is protected by law, so a confidential dossier is in no queue, no
list, no log and no statistic. Who has to work on it opens it by its number.
This module must not know lists or screens.
"""

from edge_node.domain.catalogue import NEVER_OFFERED, Catalogue


def is_confidential(catalogue: Catalogue, procedure_id: str) -> bool:
    """Whether dossiers under a procedure are kept out of sight, also one no longer offered."""
    if procedure_id in NEVER_OFFERED:
        return True
    procedure = catalogue.find_known(procedure_id)
    return procedure is not None and procedure.confidential


def confidential_procedures(catalogue: Catalogue) -> frozenset[str]:
    """Ids of every procedure whose dossiers are kept out of sight."""
    marked = {one.id for one in catalogue.known_procedures() if one.confidential}
    return NEVER_OFFERED | marked
