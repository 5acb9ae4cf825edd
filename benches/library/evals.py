# eval of a constant text over and over, and of texts that are all different.
for i in range(5000):
    eval("1+1")
for i in range(5000):
    eval("a+%d" % i, {"a": 1})
