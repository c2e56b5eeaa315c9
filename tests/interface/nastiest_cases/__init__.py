"""The 25 nastiest cases of WeChat Pay, each with the effect that is expected of us."""
