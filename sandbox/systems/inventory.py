"""The fifty invented repositories that the org-brain may document, and which of them it works on."""

NAMES = """
platform-core api-gateway auth-service notification-service metrics-collector
billing-engine checkout-web customer-portal ledger-service payments-router
search-indexer session-store mobile-app design-tokens feature-toggles
mail-relay report-builder audit-trail policy-bundle secrets-broker
deploy-pipeline build-cache artifact-store image-scanner base-images
infra-modules cluster-config dns-records edge-proxy cdn-rules
event-bus schema-registry stream-processor data-lake query-service
ml-features model-router vector-index label-studio experiment-log
docs-site style-guide release-notes cli-tools sdk-python
sdk-go sdk-typescript load-tests chaos-lab sandbox-apps
"""
INVENTORY: tuple[str, ...] = tuple(f"gitguard/{name}" for name in NAMES.split())


def included(include_list: str) -> frozenset[str]:
    """Say which repositories CODEX_REPO_INCLUDE_LIST lets through; an empty list lets all of them."""
    named = frozenset(name.strip() for name in include_list.split(",") if name.strip())
    return named & frozenset(INVENTORY) if named else frozenset(INVENTORY)
