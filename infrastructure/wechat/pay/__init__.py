"""WeChat Pay APIv3 (微信支付) for a direct merchant (普通商户)."""
