"""restora"""
