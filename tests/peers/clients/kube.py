"""Kubernetes clients of the lab, by its kubeconfig."""

from kubernetes import client, config, dynamic

config.load_kube_config()
API = client.ApiClient()
CORE = client.CoreV1Api(API)


def dynamic_client():
    """A client that learns kinds by discovery, without its cache on disk."""
    return dynamic.DynamicClient(API)
