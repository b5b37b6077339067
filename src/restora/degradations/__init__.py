"""degradations"""
