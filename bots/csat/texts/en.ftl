question = How was it? Please rate this conversation.
mark-1 = Very bad
mark-2 = Bad
mark-3 = Fair
mark-4 = Good
mark-5 = Excellent
hint = Answer with a number from 1 to 5.
comment = Thank you! Would you like to add something? If not, just leave it at that.
comment-low = Thank you, and we are sorry. What should we have done better?
changed = All right: { $mark } of 5.
thanks = Thank you, we have passed it on.
note = Mark { $mark } of 5
alert = Low mark, { $mark } of 5: { $who }
dialog = Open the dialog

# What a client may write instead, in lower case.
words-1 = one terrible awful
words-2 = two
words-3 = three
words-4 = four
words-5 = five great perfect super
words-of = of
words-around = a out star stars point points mark
