"""Adapters of the WeChat Official Account (公众号), on wechatpy."""
