# A string that grows by concatenation.
import sys

text = ""
for i in range(int(sys.argv[1])):
    text += "ab"
    text = text + "c"
print(len(text))
