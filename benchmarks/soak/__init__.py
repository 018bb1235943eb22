"""A real cluster with churn, watched by many for as long as one likes: does anything grow?"""
